//! Which type a traced response's body has.

use crate::TracedBody;

/// Which type a traced response's body has: [`Wrapped`], or [`AxumBody`] where there is axum. Not for others to implement.
pub trait ResponseBody<B>: sealed::Sealed {
    /// The type.
    type Body;

    /// Makes it of the body that is watched.
    #[doc(hidden)]
    fn of(body: TracedBody<B>) -> Self::Body;
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
    fn of(body: TracedBody<B>) -> TracedBody<B> {
        body
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
    fn of(body: TracedBody<axum::body::Body>) -> axum::body::Body {
        match body.into_unwatched() {
            Ok(body) => body,
            Err(watched) => axum::body::Body::new(watched),
        }
    }
}
