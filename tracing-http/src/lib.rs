//! Tower layers that make every HTTP request a span, on servers and clients.
//!
//! | layer | for | span |
//! |---|---|---|
//! | [`server::ServerLayer`] | axum, hyper, any tower service of `http` types | `GET /orders/{id}`, kind server |
//! | [`client::ClientLayer`] | hyper-util's client, reqwest, any tower service of `http` types | `GET /orders/{id}` or `GET`, kind client |
//!
//! Spans follow the stable HTTP conventions of OpenTelemetry, version 1.44. A span ends when the response's body ends,
//! not at its headers; a request that is given up on the way ends its span too, marked as cancelled.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tracing_http::server::ServerLayer;
//!
//! let app: Router = Router::new()
//!     .route("/orders/{id}", get(|| async { "an order" }))
//!     .layer(ServerLayer::new());
//! ```
//!
//! Both layers use the provider that is installed ([`TracerProvider::install`]), and without one the provider of the
//! OpenTelemetry API, so they also work over an existing opentelemetry_sdk.
//!
//! # Features
//! `server`, `client` (both by default); `axum`: route and peer address from axum's extensions; `hyper-util`: peer
//! address and errors of its client; `reqwest`: reqwest's client as a tower service; `metrics`:
//! `http.server.request.duration` and `http.server.active_requests`; `full`: all of them.
//!
//! [`TracerProvider::install`]: tracing_core_lite::TracerProvider::install

#![cfg_attr(
    not(all(feature = "server", feature = "client")),
    allow(dead_code, reason = "what both layers share has parts that only one of them needs")
)]

mod address;
mod body;
#[cfg(feature = "client")]
pub mod client;
mod ending;
mod error_type;
mod exchange;
mod head;
mod known_methods;
mod scope;
mod semconv;
#[cfg(feature = "server")]
pub mod server;
mod span_name;

pub use body::TracedBody;
pub use head::{RequestHead, ResponseHead};
/// The core that these layers record with.
pub use tracing_core_lite;
/// Tells the address of the peer.
///
/// With the feature `axum`, the server layer also finds `ConnectInfo<SocketAddr>`; with `hyper-util` and `reqwest`, the
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
