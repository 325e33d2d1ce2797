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

pub use crate::read_ahead::{FirstFrames, ReadAhead};
use crate::server::{ServerFuture, ServerLayerFor, ServerService};
pub use crate::tonic_body::TonicBody;

/// A layer for [`Server::layer`](tonic::transport::Server::layer) and for single services, which makes every call a span of
/// kind server. See the [module for servers](crate::server) for its settings.
pub type ServerLayer<F = (), Q = (), P = ()> = ServerLayerFor<TonicBody, F, Q, P>;
/// A service that makes every call to `S` a span; made by [`ServerLayer`].
pub type TonicService<S, F = (), Q = (), P = ()> = ServerService<S, TonicBody, F, Q, P>;
/// The future of a [`TonicService`].
pub type TonicFuture<F, P = ()> = ServerFuture<F, P, TonicBody>;
