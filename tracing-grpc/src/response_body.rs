//! Which type a traced response's body has.

use std::task::Context;

use http::Response;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::body::Body;

use crate::TracedBody;
use crate::ahead::{Ahead, Resumed};
use crate::call::Call;

/// Which type a traced response's body has: [`Wrapped`], or [`TonicBody`]. Not for others to implement.
pub trait ResponseBody<B>: sealed::Sealed<B, Made = Self::Body> {
    /// The type.
    type Body;
}

mod sealed {
    use super::*;

    pub trait Sealed<B> {
        type Made;

        /// Takes the first frames of a response, whose context is current.
        fn ahead(response: &mut Response<B>, cx: &mut Context<'_>) -> Option<Ahead>;

        /// A response whose body is watched for `call`, if there is something left to be watched.
        fn wrap(response: Response<B>, call: Option<Call>, ahead: Option<Ahead>) -> Response<Self::Made>;
    }
}

/// Any body, as a [`TracedBody`]: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wrapped;

impl<B> ResponseBody<B> for Wrapped {
    type Body = TracedBody<B>;
}

impl<B> sealed::Sealed<B> for Wrapped {
    type Made = TracedBody<B>;

    #[inline]
    fn ahead(_: &mut Response<B>, _: &mut Context<'_>) -> Option<Ahead> {
        None
    }

    #[inline]
    fn wrap(response: Response<B>, call: Option<Call>, _: Option<Ahead>) -> Response<TracedBody<B>> {
        response.map(|body| TracedBody::new(body, call))
    }
}

/// tonic's body, as [`tonic::body::Body`]: made by
/// [`ServerLayer::keep_tonic_body`](crate::server::ServerLayer::keep_tonic_body).
///
/// For layers outside of this one that want that type, such as `tonic_web`'s, and for unsampled calls to take less time.
#[derive(Debug, Clone, Copy, Default)]
pub struct TonicBody;

impl ResponseBody<Body> for TonicBody {
    type Body = Body;
}

impl sealed::Sealed<Body> for TonicBody {
    type Made = Body;

    #[inline]
    fn ahead(response: &mut Response<Body>, cx: &mut Context<'_>) -> Option<Ahead> {
        Ahead::of(response.body_mut(), cx)
    }

    #[inline]
    fn wrap(mut response: Response<Body>, call: Option<Call>, ahead: Option<Ahead>) -> Response<Body> {
        if call.is_none() && ahead.is_none() {
            return response;
        }
        let body = std::mem::take(response.body_mut());
        // Boxed here as tonic would do it, but for the layer that makes a status of any other error.
        let boxed = match ahead {
            Some(ahead) if ahead.is_all() => UnsyncBoxBody::new(ahead),
            Some(ahead) => UnsyncBoxBody::new(Resumed::new(ahead, TracedBody::new(body, call))),
            None => UnsyncBoxBody::new(TracedBody::new(body, call)),
        };
        *response.body_mut() = Body::new(boxed);
        response
    }
}
