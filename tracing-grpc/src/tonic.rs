//! The layer for tonic's servers.
//!
//! It does the same as [`server::ServerLayer`](crate::server::ServerLayer), and responses keep tonic's type of body, which
//! layers around it such as `tonic_web`'s require.
//!
//! ```
//! use tonic::transport::Server;
//! use tracing_grpc::tonic::ServerLayer;
//!
//! let server = Server::builder().layer(ServerLayer::new());
//! # drop(server);
//! ```

use std::task::Context;

use http::Response;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::body::Body;
use tracing_core_lite::tower::{Call, NoFramesAhead, ResponseBody};

use crate::TracedBody;
pub use crate::read_ahead::{FirstFrames, ReadAhead};
use crate::record::GrpcCall;
use crate::server::{ServerFuture, ServerLayerFor, ServerService};

/// A layer for [`Server::layer`](tonic::transport::Server::layer) and for single services, which makes every call a span of
/// kind server. See the [module for servers](crate::server) for its settings.
pub type ServerLayer<F = (), Q = (), P = ()> = ServerLayerFor<TonicBody, F, Q, P>;
/// A service that makes every call to `S` a span; made by [`ServerLayer`].
pub type TonicService<S, F = (), Q = (), P = ()> = ServerService<S, TonicBody, F, Q, P>;
/// The future of a [`TonicService`].
pub type TonicFuture<F, P = ()> = ServerFuture<F, P, TonicBody>;

/// Keeps tonic's type of body.
#[derive(Debug, Clone, Copy, Default)]
pub struct TonicBody;

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
