//! Tower layers that make every HTTP request a span, on servers and clients.
//!
//! | layer | for | span |
//! |---|---|---|
//! | `axum::ServerLayer` (feature `axum`) | routers of axum | `GET /orders/{id}`, kind server |
//! | [`server::ServerLayer`] | hyper, any tower service of `http` types | `GET /orders/{id}` or `GET`, kind server |
//! | [`client::ClientLayer`] | hyper-util's client, any tower service of `http` types | `GET /charges/{id}` or `GET`, kind client |
//! | `reqwest::TracedClient` (feature `reqwest`) | reqwest's client | `GET`, kind client |
//!
//! Spans follow the stable HTTP conventions of OpenTelemetry, version 1.44. A span ends with the response's body, not with
//! its headers. A request that is cancelled ends its span too.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! use tracing_http::axum::ServerLayer;
//!
//! let app: Router = Router::new()
//!     .route("/orders/{id}", get(|| async { "an order" }))
//!     .layer(ServerLayer::new());
//! # }
//! ```
//!
//! The layers record with the [installed](tracing_core_lite::TracerProvider::install) provider. While none is installed,
//! they use the global provider of the OpenTelemetry API, so they also work over an existing opentelemetry_sdk.
//!
//! # Features
//! | feature | adds |
//! |---|---|
//! | `server` (default) | the layer for servers |
//! | `client` (default) | the layer for clients |
//! | `axum` | the layer for axum, with route and peer address from axum's extensions |
//! | `hyper-util` | peer address and error classes of hyper-util's client |
//! | `reqwest` | a traced client of reqwest 0.13, and its client as a tower service |
//! | `metrics` | `http.server.request.duration`, `http.server.active_requests`, `http.client.request.duration` |
//! | `full` | all of them |

#![cfg_attr(
    not(all(feature = "server", feature = "client")),
    allow(dead_code, reason = "what both layers share has parts that only one of them needs")
)]

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "client")]
pub mod client;
mod config;
mod head;
mod record;
#[cfg(feature = "reqwest")]
pub mod reqwest;
mod scope;
#[cfg(feature = "server")]
pub mod server;

pub use head::{RequestHead, ResponseHead};
/// The core that these layers record with.
pub use tracing_core_lite;
/// An extension that tells the address of the peer.
///
/// With the feature `axum`, the server layer also finds `ConnectInfo<SocketAddr>`. With `hyper-util` and `reqwest`, the
/// client layer finds the address that the connector used. A server on bare hyper sets this extension:
///
/// ```
/// use std::net::SocketAddr;
/// use tracing_http::PeerAddress;
///
/// let peer: SocketAddr = "192.0.2.1:4711".parse()?; // from `TcpListener::accept`
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(PeerAddress(peer));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[doc(inline)]
pub use tracing_core_lite::net::PeerAddress;

/// A response's body that ends the span of its request.
pub type TracedBody<B> = tracing_core_lite::tower::TracedBody<B, record::HttpCall>;

/// The examples of the README, so that they compile.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../README.md")]
struct Readme;
