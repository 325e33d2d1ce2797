//! A layer for servers: every request becomes a span of kind server.
//!
//! # What happens when
//! 1. A request arrives: its context is extracted, the sampler is asked, the span starts with the attributes of the
//!    request, and [`OnRequest`] may add others. The inner service runs in the context of the span.
//! 2. The response's head is there: [`OnResponse`] may add attributes.
//! 3. The span ends with the last frame of the body; at once for responses without a body (to HEAD, 204, 304, an empty
//!    body) and for upgrades (101), whose connection is no longer HTTP.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tracing_http::server::ServerLayer;
//!
//! let layer = ServerLayer::new()
//!     .filter(|request| request.uri().path() != "/health")
//!     .on_request(|request, span| {
//!         span.set_some("shop.tenant", request.headers().get("x-tenant").and_then(|value| value.to_str().ok()));
//!     });
//! let app: Router = Router::new().route("/orders/{id}", get(|| async { "an order" })).layer(layer);
//! ```
//!
//! # The name of the span
//! `{method} {route}` with a route, `{method}` without, `HTTP` for unknown methods; never the path. The route is, in this
//! order: the extension [`Route`] of the request, axum's `MatchedPath` (feature `axum`), what a
//! [`route_finder`](ServerLayer::route_finder) says, the extension [`Route`] of the response. `MatchedPath` is known under
//! [`Router::layer`](https://docs.rs/axum/0.8/axum/struct.Router.html#method.layer), with nested routers in full; a layer
//! around a whole router, from outside of axum, comes too early for it.
//!
//! # What is an error
//! | what happened | `error.type` | status |
//! |---|---|---|
//! | 5xx | the code | error |
//! | 1xx to 4xx | none | unset |
//! | the service returned an error, or the body broke | a class such as `timeout`, or the error's type | error |
//! | a panic went through | `panic` | error |
//! | the client went away: future or body dropped | `cancelled`, and an event `cancelled` | unset |
//!
//! A request that was cancelled before its response has no `http.response.status_code`. Its status is unset, since the
//! server did not fail; a stream of events always ends like this.
//!
//! # What is never recorded
//! Headers that were not asked for; credentials in URLs; values of secret query keys
//! ([`redact`](tracing_core_lite::redact)).
//!
//! # Unsampled requests
//! No attribute is built and no hook is called. The context is still extracted, current, and passed on.

mod attributes;
mod client_address;
mod config;
mod filter;
mod forwarded;
mod future;
mod hooks;
mod layer;
#[cfg(feature = "metrics")]
mod metrics;
mod parameterize;
mod response_body;
mod response_headers;
mod route;
mod service;
mod settings;
mod trusted_proxies;

pub use filter::Filter;
pub use future::ServerFuture;
pub use hooks::{OnRequest, OnResponse};
pub use layer::ServerLayer;
#[cfg(feature = "metrics")]
pub(crate) use metrics::Measurement;
#[cfg(feature = "axum")]
pub use response_body::AxumBody;
pub use response_body::{ResponseBody, Wrapped};
pub use route::Route;
pub use service::ServerService;
pub use trusted_proxies::{ForwardedBy, NetworkError, TrustedProxies};

/// The body of a response that went through [`ServerService`].
pub type ServerBody<B> = crate::TracedBody<B>;
