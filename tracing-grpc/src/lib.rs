//! Tower layers that make every gRPC call a span, on tonic servers and clients.
//!
//! | layer | for | span |
//! |---|---|---|
//! | [`server::ServerLayer`] | `tonic::transport::Server`, or a single service | `shop.Payment/Charge`, kind server |
//! | [`client::ClientLayer`] | `tonic::transport::Channel`, or any `GrpcService` | `shop.Payment/Charge`, kind client |
//!
//! Spans follow the RPC conventions of OpenTelemetry, version 1.44 (release candidate). A span ends with the call: at
//! the trailers, or where the call is given up.
//!
//! Both layers use the provider that is installed ([`TracerProvider::install`]), and without one the provider of the
//! OpenTelemetry API, so they also work over an existing opentelemetry_sdk.
//!
//! # Features
//! `server`, `client` (both by default); `metrics`: `rpc.server.call.duration` and `rpc.client.call.duration`; `full`:
//! all of them.
//!
//! [`TracerProvider::install`]: tracing_core_lite::TracerProvider::install
// Without a layer, what is left is `GrpcTraceBin`; the parts of layers are not worth a condition each.
#![cfg_attr(
    not(any(feature = "server", feature = "client")),
    allow(dead_code, unused_imports, unused_macros)
)]

mod address;
mod ahead;
mod attributes;
mod body;
mod call;
mod callee;
#[cfg(feature = "client")]
pub mod client;
mod code;
mod config;
mod deadline;
mod ending;
mod error_code;
mod filter;
mod future;
mod head;
mod header;
mod hooks;
mod messages;
mod method;
#[cfg(feature = "metrics")]
mod metrics;
mod request_body;
mod response_body;
mod scope;
mod semconv;
#[cfg(feature = "server")]
pub mod server;
mod settings;
mod trace_bin;

pub use body::TracedBody;
pub use filter::{Filter, skip_health_and_reflection};
pub use future::TracedFuture;
pub use head::{RequestHead, ResponseHead};
pub use hooks::{OnRequest, OnResponse};
pub use response_body::{ResponseBody, TonicBody, Wrapped};
pub use trace_bin::GrpcTraceBin;
/// The core that these layers record with.
pub use tracing_core_lite;
/// Tells the address of the peer.
///
/// On servers, tonic's own `TcpConnectInfo` is found without it. A tonic channel does not tell whom it talks to: a
/// connector or service of one's own may, by this extension. A client whose
/// [`server_address`](crate::client::ClientLayer::server_address) is an IP address needs it neither.
#[doc(inline)]
pub use tracing_core_lite::net::PeerAddress;
