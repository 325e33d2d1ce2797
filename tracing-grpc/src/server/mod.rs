//! A layer for servers: every call becomes a span of kind server.
//!
//! # What happens when
//! 1. A call arrives. The layer finds the parent of its span, asks the sampler, and starts the span.
//!    [`OnRequest`](tracing_core_lite::tower::OnRequest) may add attributes. The inner service and the stream of the
//!    response run in the context of the span.
//! 2. The initial metadata of the response arrives. [`OnResponse`](tracing_core_lite::tower::OnResponse) may add
//!    attributes.
//! 3. The span ends with the trailers, or with the headers if the response has nothing else.
//!
//! ```no_run
//! use tonic::transport::Server;
//! use tracing_grpc::{skip_health_and_reflection, tonic::ServerLayer};
//!
//! # async fn serve(routes: tonic::service::Routes) -> Result<(), Box<dyn std::error::Error>> {
//! Server::builder()
//!     .layer(ServerLayer::new().with_filter(skip_health_and_reflection))
//!     .add_routes(routes)
//!     .serve("127.0.0.1:50051".parse()?)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! To trace a single service, pass `ServerLayer::new().layer(service)` to `add_service`.
//!
//! # The parent of the span
//! The caller's span, from `traceparent` and `tracestate`, or else from `grpc-trace-bin`. If another layer of this suite
//! has already handled the request, as when a router of axum contains the service, the span becomes a child of that layer's
//! span, or of a deeper span of the same trace. A span that is merely current where the server runs is never the parent.
//! Values and baggage that outer middleware attached to the current context are kept.
//!
//! # The name of the span
//! `package.Service/Method`. It is `grpc` if the path names no method or the method does not exist. tonic does not tell
//! which methods exist, so the layer concludes it: a method that is answered with UNIMPLEMENTED and without a message does
//! not. Its `rpc.method` is `_OTHER`, and `rpc.method_original` the requested name. An answer with a message keeps the
//! name, for at most 200 names per layer. List the methods with
//! [`with_known_methods`](ServerLayerFor::with_known_methods) to keep their names in every case.
//!
//! # What is an error
//! | what happened | `rpc.response.status_code` | `error.type` | status |
//! |---|---|---|---|
//! | OK, and codes that blame the caller | the code | none | unset |
//! | UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS | the code | the code | error |
//! | the stream ended without a code | `UNKNOWN` | `UNKNOWN` | error |
//! | a panic | `UNKNOWN` | `panic` | error |
//! | the call was dropped after its deadline (`grpc-timeout`) | `DEADLINE_EXCEEDED` | `DEADLINE_EXCEEDED` | error |
//! | the call was dropped before: the client went away | `CANCELLED` | none | unset |
//!
//! A call whose client went away has `tracing_suite.outcome = "cancelled"` and an event `cancelled`.
//!
//! A call that is dropped in the last 10 ms before its deadline, or in the last tenth of a timeout below 100 ms, counts as
//! late, because the client's clock started first. The layer does not know `Server::timeout`: what it ends is recorded as
//! cancelled.
//!
//! # What is never recorded
//! Metadata that was not asked for, messages, and `grpc-message` unless
//! [requested](ServerLayerFor::with_status_message).
//!
//! # Unsampled calls
//! No attribute is built and no hook is called. The context is still extracted, made current, and passed on.
//!
//! # Panics
//! A panic of the service, of its body or of a hook ends the span and continues.
//!
//! # Limits
//! For gRPC-Web, put `tonic_web`'s layer around this one, because it moves the trailers into the body. It requires tonic's
//! type of body, which [`tonic::ServerLayer`](crate::tonic::ServerLayer) keeps.

mod layer;
mod service;

pub use layer::{ServerLayer, ServerLayerFor};
pub use service::ServerService;
use tracing_core_lite::tower::AnyBody;

/// The body of a response that went through [`ServerService`].
pub type ServerBody<B> = crate::TracedBody<B>;
/// The future of a [`ServerService`].
pub type ServerFuture<F, P = (), W = AnyBody> =
    tracing_core_lite::tower::CallFuture<F, crate::record::GrpcCall, crate::on_head::GrpcOnHead<P, false>, W>;
