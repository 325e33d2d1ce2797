//! Tower layers that make every gRPC call a span, on tonic servers and clients.
//!
//! | layer | for | span |
//! |---|---|---|
//! | `tonic::ServerLayer` | `tonic::transport::Server`, or a single service | `shop.Payment/Charge`, kind server |
//! | `server::ServerLayer` | any tower service that speaks gRPC | `shop.Payment/Charge`, kind server |
//! | `client::ClientLayer` | `tonic::transport::Channel`, or any `GrpcService` | `shop.Payment/Charge`, kind client |
//!
//! Supports tonic 0.14. Spans follow the RPC conventions of OpenTelemetry, version 1.44 (release candidate). A span ends
//! with the call: with the trailers, or when the call is cancelled.
//!
//! The layers record with the [installed](tracing_core_lite::TracerProvider::install) provider. While none is installed,
//! they use the global provider of the OpenTelemetry API, so they also work over an existing opentelemetry_sdk.
//!
//! # Features
//! | feature | adds |
//! |---|---|
//! | `server` (default) | the layers for servers |
//! | `client` (default) | the layer for clients |
//! | `metrics` | `rpc.server.call.duration` and `rpc.client.call.duration` |
//! | `full` | all of them |

// Without a layer, only `GrpcTraceBin` is left.
#![cfg_attr(
    not(all(feature = "server", feature = "client")),
    allow(dead_code, unused_imports, unused_macros)
)]

#[cfg(feature = "client")]
pub mod client;
mod config;
mod filter;
mod head;
#[cfg(any(feature = "client", feature = "server"))]
mod on_head;
#[cfg(feature = "server")]
mod read_ahead;
mod record;
mod scope;
#[cfg(feature = "server")]
pub mod server;
mod settings;
mod start;
#[cfg(feature = "server")]
pub mod tonic;
#[cfg(feature = "server")]
mod tonic_body;
mod trace_bin;

pub use filter::skip_health_and_reflection;
pub use head::{RequestHead, ResponseHead};
pub use trace_bin::GrpcTraceBin;
/// The core that these layers record with.
pub use tracing_core_lite;
/// An extension that tells the address of the peer.
///
/// A server finds tonic's own `TcpConnectInfo` without it. A channel of tonic does not tell which address it has connected
/// to, but a connector or service of your own can, with this extension in the response. A client whose
/// `server.address` is an IP address does not need it either.
#[doc(inline)]
pub use tracing_core_lite::net::PeerAddress;

/// A response's body that ends the span of its call.
pub type TracedBody<B> = tracing_core_lite::tower::TracedBody<B, record::GrpcCall>;

/// The examples of the README, so that they compile.
#[cfg(all(doctest, feature = "server", feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
