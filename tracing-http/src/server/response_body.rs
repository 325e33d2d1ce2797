//! Which type a traced response's body has.

use http::Response;

use crate::TracedBody;

/// Which type a traced response's body has: [`Wrapped`], or [`AxumBody`] where there is axum. Not for others to implement.
pub trait ResponseBody<B>: sealed::Sealed {
    /// The type.
    type Body;

    /// Makes it of a body that is watched.
    #[doc(hidden)]
    fn watched(body: TracedBody<B>) -> Self::Body;

    /// A response whose body is not watched.
    #[doc(hidden)]
    fn unwatched(response: Response<B>) -> Response<Self::Body>;
}

mod sealed {
    pub trait Sealed {}
}

/// Any body, as a [`ServerBody`](super::ServerBody): the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wrapped;

impl sealed::Sealed for Wrapped {}

impl<B> ResponseBody<B> for Wrapped {
    type Body = TracedBody<B>;

    #[inline]
    fn watched(body: TracedBody<B>) -> TracedBody<B> {
        body
    }

    #[inline]
    fn unwatched(response: Response<B>) -> Response<TracedBody<B>> {
        response.map(TracedBody::unwatched)
    }
}

/// axum's body, as [`axum::body::Body`]: made by [`ServerLayer::keep_axum_body`](super::ServerLayer::keep_axum_body).
///
/// axum boxes every body that is not its own, even one that nobody watches any more: to leave that one as it is saves an
/// unsampled request one allocation and 40 ns.
#[cfg(feature = "axum")]
#[derive(Debug, Clone, Copy, Default)]
pub struct AxumBody;

#[cfg(feature = "axum")]
impl sealed::Sealed for AxumBody {}

#[cfg(feature = "axum")]
impl ResponseBody<axum::body::Body> for AxumBody {
    type Body = axum::body::Body;

    #[inline]
    fn watched(body: TracedBody<axum::body::Body>) -> axum::body::Body {
        axum::body::Body::new(body)
    }

    #[inline]
    fn unwatched(response: Response<axum::body::Body>) -> Response<axum::body::Body> {
        response
    }
}
