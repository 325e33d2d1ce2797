//! A layer for clients: every call becomes a span of kind client.
//!
//! # What happens when
//! 1. A call is made: the span starts as a child of the current one, and its context replaces whatever context the
//!    metadata had. That of an unsampled span is sent too, so that the server decides likewise.
//! 2. The initial metadata of the response is there: [`OnResponse`](crate::OnResponse) may add attributes.
//!    The stream of the response is read in the context of whoever reads it.
//! 3. The span ends with the trailers; with the headers, if they are all of the response; or when the stream is dropped.
//!
//! ```
//! use tonic::transport::Endpoint;
//! use tower_layer::Layer;
//! use tracing_grpc::client::ClientLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let endpoint = Endpoint::from_static("http://payment.internal:50051");
//! let channel = ClientLayer::new().endpoint(&endpoint).layer(endpoint.connect_lazy());
//! // let client = PaymentClient::new(channel);
//! # drop(channel);
//! # }
//! ```
//!
//! # The name of the span
//! `package.Service/Method`. A generated client says which method it calls. Without its word, as in a proxy, what is
//! answered with UNIMPLEMENTED is `_OTHER` as on a server.
//!
//! # What is an error
//! | what happened | `rpc.response.status_code` | `error.type` | status |
//! |---|---|---|---|
//! | OK | `OK` | none | unset |
//! | any other code | the code | the code | error |
//! | no code in the response | the one that gRPC gives the status of HTTP, else `UNKNOWN` | the code | error |
//! | no connection | `UNAVAILABLE` | `UNAVAILABLE` | error |
//! | the timeout expired, here or at the server | `DEADLINE_EXCEEDED` (tonic's own status says cancelled) | the code | error |
//! | the future or the stream was dropped | `CANCELLED`, and an event `cancelled` | the code | error |
//!
//! # What the span does not know
//! What happens above the layer: a message that cannot be decoded looks like a stream that was dropped. A tonic channel
//! does not tell the address that it has connected to, nor the server's name: give the layer the
//! [`endpoint`](ClientLayer::endpoint).

mod layer;
mod metadata;
mod service;

pub use layer::ClientLayer;
pub use service::ClientService;

/// The body of a response that went through [`ClientService`].
pub type ClientBody<B> = crate::TracedBody<B>;
/// The response of a [`ClientService`] to come.
pub type ClientFuture<F, P = ()> = crate::TracedFuture<F, P>;
