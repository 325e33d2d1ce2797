//! The layer for axum.
//!
//! It does the same as [`server::ServerLayer`](crate::server::ServerLayer), and responses keep axum's type of body. axum
//! boxes every body of another type, even of requests that are not recorded.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tracing_http::axum::ServerLayer;
//!
//! let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(ServerLayer::new());
//! ```

use std::task::Context;

use axum::body::Body;
use http::Response;
use tracing_core_lite::tower::{Call, LayerOnly, NoFramesAhead, ResponseBody};

use crate::TracedBody;
use crate::record::HttpCall;
use crate::server::{ServerFuture, ServerLayerFor, ServerService};

/// A layer for [`Router::layer`](axum::Router::layer), which makes every request a span of kind server. See the
/// [module for servers](crate::server) for its settings.
pub type ServerLayer<F = (), Q = (), P = ()> = ServerLayerFor<AxumBody, F, Q, P>;
/// A service that makes every request to `S` a span; made by [`ServerLayer`].
pub type AxumService<S, F = (), Q = (), P = ()> = ServerService<S, AxumBody, F, Q, P>;
/// The future of an [`AxumService`].
pub type AxumFuture<F, P = ()> = ServerFuture<F, P, AxumBody>;

/// Keeps axum's type of body.
#[derive(Debug, Clone, Copy, Default)]
pub struct AxumBody;

impl LayerOnly for AxumBody {}

impl ResponseBody<HttpCall, Body> for AxumBody {
    type Body = Body;
    type Ahead = NoFramesAhead;

    #[inline]
    fn read_ahead(_: &mut Response<Body>, _: &mut Context<'_>) -> Option<NoFramesAhead> {
        None
    }

    #[inline]
    fn traced(
        response: Response<Body>,
        call: Option<Call<HttpCall>>,
        _: Option<NoFramesAhead>,
    ) -> Response<Body> {
        response.map(|body| Body::new(TracedBody::new(body, call)))
    }

    #[inline]
    fn untraced(response: Response<Body>, _: Option<NoFramesAhead>) -> Response<Body> {
        response
    }
}
