//! Redirects that are followed above a layer.

use http::{HeaderMap, HeaderName, StatusCode, header};
use reqwest::{Body, Method, Request, Url};

/// The most redirects that are followed, as in reqwest.
const MOST: u32 = 10;

/// Headers that are not sent to another host.
const CREDENTIALS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("cookie2"),
    header::PROXY_AUTHORIZATION,
    header::WWW_AUTHENTICATE,
];

/// Headers that describe a body.
const OF_BODY: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING];

/// The request that is sent if the next response is a redirect.
#[derive(Debug)]
pub(super) struct Redirect<S> {
    /// Sends it.
    pub(super) service: S,
    /// How many redirects were followed.
    pub(super) followed: u32,
    /// The request without what layers have added.
    request: Request,
    /// Whether the request had a body that cannot be sent again.
    has_lost_body: bool,
}

impl<S> Redirect<S> {
    pub(super) fn new(request: &Request, service: S) -> Box<Self> {
        let copy = request.try_clone();
        let has_lost_body = copy.is_none();
        Box::new(Self {
            service,
            followed: 0,
            request: copy.unwrap_or_else(|| head_of(request)),
            has_lost_body,
        })
    }

    /// Returns the request that follows a response, or `None` if the response is the last one.
    pub(super) fn next(&mut self, status: StatusCode, headers: &HeaderMap) -> Option<Request> {
        let method = self.method_after(status)?;
        if self.followed == MOST {
            return None;
        }
        let location = std::str::from_utf8(headers.get(header::LOCATION)?.as_bytes()).ok()?;
        let url =
            self.request.url().join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let drops_body = method != *self.request.method();
        if self.has_lost_body && !drops_body {
            return None;
        }
        if !is_same_host(self.request.url(), &url) {
            CREDENTIALS.iter().for_each(|name| drop(self.request.headers_mut().remove(name)));
        }
        if drops_body {
            *self.request.body_mut() = None::<Body>;
            self.has_lost_body = false;
            OF_BODY.iter().for_each(|name| drop(self.request.headers_mut().remove(name)));
        }
        *self.request.url_mut() = url;
        *self.request.method_mut() = method;
        self.followed += 1;
        self.request.try_clone()
    }

    /// Returns the method of the next request (RFC 9110, section 15.4), or `None` if the status is not that of a redirect.
    fn method_after(&self, status: StatusCode) -> Option<Method> {
        let method = self.request.method();
        match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *method == Method::POST => Some(Method::GET),
            StatusCode::SEE_OTHER if *method != Method::HEAD => Some(Method::GET),
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => Some(method.clone()),
            _ => None,
        }
    }
}

/// Returns a copy without the body.
fn head_of(request: &Request) -> Request {
    let mut head = Request::new(request.method().clone(), request.url().clone());
    head.headers_mut().clone_from(request.headers());
    *head.timeout_mut() = request.timeout().copied();
    *head.version_mut() = request.version();
    head
}

fn is_same_host(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
        && one.scheme() == other.scheme()
}
