//! A layer for clients: every call becomes a span of kind client.
//!
//! # What happens when
//! 1. A call is made. The span starts as a child of the current one, and its context replaces any context in the metadata.
//!    The context of an unsampled span is sent too, so that the server decides the same.
//!    [`OnRequest`](tracing_core_lite::tower::OnRequest) may add attributes.
//! 2. The initial metadata of the response arrives. [`OnResponse`](tracing_core_lite::tower::OnResponse) may add
//!    attributes. The stream of the response is polled in the context of its reader.
//! 3. The span ends with the trailers, with the headers if the response has nothing else, or when the stream is dropped.
//!
//! ```
//! use tonic::transport::Endpoint;
//! use tower_layer::Layer;
//! use tracing_grpc::client::ClientLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let endpoint = Endpoint::from_static("http://payment.internal:50051");
//! let channel = ClientLayer::new().with_endpoint(&endpoint).layer(endpoint.connect_lazy());
//! // let client = PaymentClient::new(channel);
//! # drop(channel);
//! # }
//! ```
//!
//! # The name of the span
//! `package.Service/Method`. A generated client says which method it calls. Otherwise, as in a proxy, a method that is
//! answered with UNIMPLEMENTED and without a message is `_OTHER`, as on a server.
//!
//! # What is an error
//! | what happened | `rpc.response.status_code` | `error.type` | status |
//! |---|---|---|---|
//! | OK | `OK` | none | unset |
//! | any other code | the code | the code | error |
//! | no code in the response | the one that gRPC assigns to the status of HTTP, or else `UNKNOWN` | the code | error |
//! | no connection | `UNAVAILABLE` | `UNAVAILABLE` | error |
//! | a panic | `UNKNOWN` | `panic` | error |
//! | the timeout expired, here or at the server | `DEADLINE_EXCEEDED` (tonic's own status says cancelled) | the code | error |
//! | the future or the stream was dropped | `CANCELLED` | the code | error |
//!
//! A call that was dropped has `tracing_suite.outcome = "cancelled"` and an event `cancelled`.
//!
//! # Calls from another task
//! Middleware such as tower's buffer calls the service below it from a task of its own, where the caller's span is not
//! current. Put a [`CarryContextLayer`] above such middleware, and this layer below it.
//!
//! # Limits
//! The span does not know what happens above the layer: a message that cannot be decoded looks like a stream that was
//! dropped. A channel of tonic does not tell which address it has connected to, nor the server's name. Configure the
//! [endpoint](ClientLayer::with_endpoint).

mod layer;
mod service;

pub use layer::ClientLayer;
pub use service::ClientService;
pub use tracing_core_lite::tower::CarryContextLayer;

/// The body of a response that went through [`ClientService`].
pub type ClientBody<B> = crate::TracedBody<B>;
/// The future of a [`ClientService`].
pub type ClientFuture<F, P = ()> =
    tracing_core_lite::tower::CallFuture<F, crate::record::GrpcCall, crate::on_head::GrpcOnHead<P, true>>;
