//! Which type a traced response's body has.

use http::Response;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::body::Body;

use crate::TracedBody;

/// Which type a traced response's body has: [`Wrapped`], or [`TonicBody`]. Not for others to implement.
pub trait ResponseBody<B>: sealed::Sealed {
    /// The type.
    type Body;

    /// Makes it of a body that `watch` is to watch.
    #[doc(hidden)]
    fn watched(response: Response<B>, watch: impl FnOnce(B) -> TracedBody<B>) -> Response<Self::Body>;

    /// A response whose body is not watched.
    #[doc(hidden)]
    fn unwatched(response: Response<B>) -> Response<Self::Body>;
}

mod sealed {
    pub trait Sealed {}
}

/// Any body, as a [`TracedBody`]: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wrapped;

impl sealed::Sealed for Wrapped {}

impl<B> ResponseBody<B> for Wrapped {
    type Body = TracedBody<B>;

    #[inline]
    fn watched(response: Response<B>, watch: impl FnOnce(B) -> TracedBody<B>) -> Response<TracedBody<B>> {
        response.map(watch)
    }

    #[inline]
    fn unwatched(response: Response<B>) -> Response<TracedBody<B>> {
        response.map(TracedBody::unwatched)
    }
}

/// tonic's body, as [`tonic::body::Body`]: made by
/// [`ServerLayer::keep_tonic_body`](crate::server::ServerLayer::keep_tonic_body).
///
/// For layers outside of this one that want that type, such as `tonic_web`'s.
#[derive(Debug, Clone, Copy, Default)]
pub struct TonicBody;

impl sealed::Sealed for TonicBody {}

impl ResponseBody<Body> for TonicBody {
    type Body = Body;

    #[inline]
    fn watched(mut response: Response<Body>, watch: impl FnOnce(Body) -> TracedBody<Body>) -> Response<Body> {
        let body = std::mem::take(response.body_mut());
        // Boxed here as tonic would do it, but for the layer that makes a status of any other error.
        *response.body_mut() = Body::new(UnsyncBoxBody::new(watch(body)));
        response
    }

    #[inline]
    fn unwatched(response: Response<Body>) -> Response<Body> {
        response
    }
}
