//! Requests and responses without their messages, as hooks see them.

use http::{Extensions, HeaderMap, Request, Response, Uri};

use crate::method;

/// A request without its messages.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    uri: &'a Uri,
    metadata: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> RequestHead<'a> {
    /// The head of `request`.
    #[must_use]
    pub fn of<B>(request: &'a Request<B>) -> Self {
        Self { uri: request.uri(), metadata: request.headers(), extensions: request.extensions() }
    }

    /// The URI: on a client often but a path.
    #[must_use]
    pub fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// The method in full, `package.Service/Method`; `None` when the path names none.
    #[must_use]
    pub fn method(&self) -> Option<&'a str> {
        method::of_path(self.uri.path())
    }

    /// The service, `package.Service`; `None` when the path names none.
    #[must_use]
    pub fn service(&self) -> Option<&'a str> {
        self.method()?.split_once('/').map(|(service, _)| service)
    }

    /// The metadata, with the other headers of HTTP.
    #[must_use]
    pub fn metadata(&self) -> &'a HeaderMap {
        self.metadata
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
}

/// A response without its messages and its trailers.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    metadata: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> ResponseHead<'a> {
    /// The head of `response`.
    #[must_use]
    pub fn of<B>(response: &'a Response<B>) -> Self {
        Self { metadata: response.headers(), extensions: response.extensions() }
    }

    /// The initial metadata, with the other headers of HTTP. A response that has nothing but trailers has them here.
    #[must_use]
    pub fn metadata(&self) -> &'a HeaderMap {
        self.metadata
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
}
