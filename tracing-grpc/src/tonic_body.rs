//! Keeps the type of tonic's response bodies.

use std::task::Context;

use http::Response;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::body::Body;
use tracing_core_lite::tower::{Call, LayerOnly, NoFramesAhead, ResponseBody};

use crate::TracedBody;
use crate::record::GrpcCall;

/// Keeps tonic's type of body.
#[derive(Debug, Clone, Copy, Default)]
pub struct TonicBody;

impl LayerOnly for TonicBody {}

impl ResponseBody<GrpcCall, Body> for TonicBody {
    type Body = Body;
    type Ahead = NoFramesAhead;

    #[inline]
    fn read_ahead(_: &mut Response<Body>, _: &mut Context<'_>) -> Option<NoFramesAhead> {
        None
    }

    #[inline]
    fn traced(
        mut response: Response<Body>,
        call: Option<Call<GrpcCall>>,
        _: Option<NoFramesAhead>,
    ) -> Response<Body> {
        let body = std::mem::take(response.body_mut());
        // tonic would add a layer that converts the error, which is tonic's own already.
        *response.body_mut() = Body::new(UnsyncBoxBody::new(TracedBody::new(body, call)));
        response
    }

    #[inline]
    fn untraced(response: Response<Body>, _: Option<NoFramesAhead>) -> Response<Body> {
        response
    }
}
