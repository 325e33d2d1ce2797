//! Which type the body of a traced response has.

use std::task::Context;

use http::Response;
use http_body::Body;

use super::body::TracedBody;
use super::call::Call;
use super::protocol::Protocol;

/// Seals traits that only the layers of this workspace implement.
#[doc(hidden)]
pub trait LayerOnly {}

/// Decides which type the body of a traced response has. `B` is the type of the service's bodies.
///
/// Layers choose among the implementations of their crates. This trait is sealed.
pub trait ResponseBody<P: Protocol, B: Body>: LayerOnly {
    /// The type of the traced body.
    type Body;
    /// Frames that are read ahead, before the response is returned.
    type Ahead: FramesAhead<P>;

    /// Reads the frames that are ready. The context of the call is current.
    fn read_ahead(response: &mut Response<B>, cx: &mut Context<'_>) -> Option<Self::Ahead>;

    /// Returns a response whose body ends `call`.
    fn traced(
        response: Response<B>,
        call: Option<Call<P>>,
        ahead: Option<Self::Ahead>,
    ) -> Response<Self::Body>;

    /// Returns a response whose call has ended.
    fn untraced(response: Response<B>, ahead: Option<Self::Ahead>) -> Response<Self::Body>;
}

/// Frames of a response's body that were read ahead. This trait is sealed.
pub trait FramesAhead<P: Protocol>: LayerOnly {
    /// Passes the frames to `call`. Returns whether the body has no others.
    fn pass_to(&self, call: &mut Call<P>) -> bool;
}

/// No frames: the implementation for bodies that are not read ahead. Has no values.
#[derive(Debug, Clone, Copy)]
pub enum NoFramesAhead {}

impl LayerOnly for NoFramesAhead {}

impl<P: Protocol> FramesAhead<P> for NoFramesAhead {
    #[inline]
    fn pass_to(&self, _call: &mut Call<P>) -> bool {
        match *self {}
    }
}

/// Wraps any body in a [`TracedBody`].
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyBody;

impl LayerOnly for AnyBody {}

impl<P: Protocol, B: Body> ResponseBody<P, B> for AnyBody {
    type Body = TracedBody<B, P>;
    type Ahead = NoFramesAhead;

    #[inline]
    fn read_ahead(_: &mut Response<B>, _: &mut Context<'_>) -> Option<NoFramesAhead> {
        None
    }

    #[inline]
    fn traced(
        response: Response<B>,
        call: Option<Call<P>>,
        _: Option<NoFramesAhead>,
    ) -> Response<Self::Body> {
        response.map(|body| TracedBody::new(body, call))
    }

    #[inline]
    fn untraced(response: Response<B>, _: Option<NoFramesAhead>) -> Response<Self::Body> {
        response.map(|body| TracedBody::new(body, None))
    }
}
