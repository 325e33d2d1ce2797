//! The heads of requests and responses, as filters and hooks see them.

use http::{Extensions, HeaderMap, Request, Response, Uri};

use crate::record::method;

/// A request without its messages.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    uri: &'a Uri,
    metadata: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> RequestHead<'a> {
    /// Returns the head of `request`.
    #[must_use]
    pub fn of<B>(request: &'a Request<B>) -> Self {
        Self { uri: request.uri(), metadata: request.headers(), extensions: request.extensions() }
    }

    /// Returns the URI. On a client it is often only a path.
    #[must_use]
    pub fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// Returns the full method, `package.Service/Method`, or `None` if the path names none.
    #[must_use]
    pub fn method(&self) -> Option<&'a str> {
        method::of_path(self.uri.path())
    }

    /// Returns the service, `package.Service`, or `None` if the path names none.
    #[must_use]
    pub fn service(&self) -> Option<&'a str> {
        self.method()?.split_once('/').map(|(service, _)| service)
    }

    /// Returns the metadata, together with the other headers of HTTP.
    #[must_use]
    pub fn metadata(&self) -> &'a HeaderMap {
        self.metadata
    }

    /// Returns the extensions.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
}

/// A response without its messages and trailers.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    metadata: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> ResponseHead<'a> {
    /// Returns the head of `response`.
    #[must_use]
    pub fn of<B>(response: &'a Response<B>) -> Self {
        Self { metadata: response.headers(), extensions: response.extensions() }
    }

    /// Returns the initial metadata, together with the other headers of HTTP. For a response that has only trailers, these
    /// are the trailers.
    #[must_use]
    pub fn metadata(&self) -> &'a HeaderMap {
        self.metadata
    }

    /// Returns the extensions.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
}
