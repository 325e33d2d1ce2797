//! A layer for servers: every call becomes a span of kind server.
//!
//! # What happens when
//! 1. A call arrives: its context is extracted from `traceparent`, `tracestate` and `baggage`, else from
//!    `grpc-trace-bin`; the sampler is asked, the span starts, and [`OnRequest`](crate::OnRequest) may add attributes.
//!    The inner service runs in the context of the span, and so does the stream of the response.
//! 2. The initial metadata of the response is there: [`OnResponse`](crate::OnResponse) may add attributes.
//! 3. The span ends with the trailers; with the headers, if they are all of the response.
//!
//! With [`keep_tonic_body`](ServerLayer::keep_tonic_body), the first frames of the response are made along with its initial metadata, and
//! before [`OnResponse`](crate::OnResponse) is called. The span of most unary calls ends right after that.
//!
//! ```no_run
//! use tonic::transport::Server;
//! use tracing_grpc::{server::ServerLayer, skip_health_and_reflection};
//!
//! # async fn serve(routes: tonic::service::Routes) -> Result<(), Box<dyn std::error::Error>> {
//! Server::builder()
//!     .layer(ServerLayer::new().filter(skip_health_and_reflection))
//!     .add_routes(routes)
//!     .serve("127.0.0.1:50051".parse()?)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! For one service only, `ServerLayer::new().layer(service)` can be given to `add_service`.
//!
//! # The name of the span
//! `package.Service/Method`; `grpc` when the path names no method or the method does not exist. tonic does not say which
//! methods exist, so that is concluded: what is answered with UNIMPLEMENTED, and without a message, does not. Its
//! `rpc.method` is `_OTHER`, and `rpc.method_original` what was asked for. A method that does exist and answers so keeps
//! its name only if [`known_methods`](ServerLayer::known_methods) has it.
//!
//! # What is an error
//! | what happened | `rpc.response.status_code` | `error.type` | status |
//! |---|---|---|---|
//! | UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS | the code | the code | error |
//! | any other code | the code | none | unset |
//! | the stream ended without a code | `UNKNOWN` | `UNKNOWN` | error |
//! | a panic went through | `UNKNOWN` | `panic` | error |
//! | the call was dropped after its deadline (`grpc-timeout`) | `DEADLINE_EXCEEDED` | `DEADLINE_EXCEEDED` | error |
//! | the call was dropped before: the client went away | `CANCELLED`, and an event `cancelled` | the code | unset |
//!
//! A call that is dropped in the last 10 ms before its deadline (of timeouts below 100 ms, in their last tenth) counts as
//! late, since the client's clock started first. `Server::timeout` is not known to the layer: what it ends counts as
//! cancelled.
//!
//! # What is never recorded
//! Metadata that was not asked for, messages, and `grpc-message` unless it
//! [is wanted](ServerLayer::record_status_message).
//!
//! # Unsampled calls
//! No attribute is built and no hook is called. The context is still extracted, current, and passed on.
//!
//! # Limits
//! For gRPC-Web, put `tonic_web`'s layer outside of this one: it moves the trailers into the body. It wants tonic's type of
//! body: [`keep_tonic_body`](ServerLayer::keep_tonic_body).

mod layer;
mod service;

pub use layer::ServerLayer;
pub use service::ServerService;

/// The body of a response that went through [`ServerService`].
pub type ServerBody<B> = crate::TracedBody<B>;
/// The response of a [`ServerService`] to come.
pub type ServerFuture<F, P = (), W = crate::Wrapped> = crate::TracedFuture<F, P, W>;
