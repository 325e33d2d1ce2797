//! A layer for servers: every request becomes a span of kind server.
//!
//! # What happens when
//! 1. A request arrives. The layer finds the parent of its span, asks the sampler, and starts the span with the attributes
//!    of the request. [`OnRequest`] may add others. The inner service runs in the context of the span.
//! 2. The head of the response arrives. [`OnResponse`] may add attributes.
//! 3. The response ends, and so does the span: with the last frame of the body, or at once for responses without a body
//!    (to HEAD, 204, 304, an empty body) and for upgrades (101).
//!
//! ```
//! use tower::ServiceBuilder;
//! use tracing_http::RequestHead;
//! use tracing_http::server::ServerLayer;
//! use tracing_http::tracing_core_lite::Recorder;
//!
//! # fn with<S>(service: S) {
//! let layer = ServerLayer::new()
//!     .with_filter(|request: &RequestHead<'_>| request.uri().path() != "/health")
//!     .with_on_request(|request: &RequestHead<'_>, span: &mut Recorder<'_>| {
//!         let tenant = request.headers().get("x-tenant").and_then(|value| value.to_str().ok());
//!         span.set_some("shop.tenant", tenant);
//!     });
//! let service = ServiceBuilder::new().layer(layer).service(service);
//! # }
//! ```
//!
//! # The parent of the span
//! The sender's span, from the request's headers. If another of these layers has already handled the request, as with
//! nested routers or a gRPC service inside an HTTP router, the span becomes a child of that layer's span, or of a deeper
//! span of the same trace. A span that is merely current where the server runs is never the parent. Values and baggage
//! that outer middleware attached to the current context are kept.
//!
//! # The name of the span
//! `{method} {route}` with a route, `{method}` without, and `HTTP` in place of unknown methods; never the path. The route
//! is, in this order: the extension [`Route`] of the request, axum's `MatchedPath` (feature `axum`), the result of a
//! [route finder](ServerLayerFor::with_route_finder), the extension [`Route`] of the response. `MatchedPath` exists below
//! [`Router::layer`](https://docs.rs/axum/0.8/axum/struct.Router.html#method.layer), and includes the prefixes of nested
//! routers. It does not exist for a layer around a whole router.
//!
//! # What is an error
//! | what happened | `error.type` | status |
//! |---|---|---|
//! | 1xx to 4xx | none | unset |
//! | 5xx | the code | error |
//! | the service returned an error, or the body failed | a class such as `timeout`, or the error's type | error |
//! | a panic | `panic` | error |
//! | the client went away: future or body dropped | none | unset |
//!
//! A request whose client went away has `tracing_suite.outcome = "cancelled"` and an event `cancelled`. Its status is
//! unset because the server did not fail; a stream of events always ends like this. If it was cancelled before the
//! response, it has no `http.response.status_code`.
//!
//! # What is never recorded
//! Headers that were not asked for, credentials in URLs, and values of secret query keys
//! ([`redact`](tracing_core_lite::redact)). Paths and queries are cut at 2,048 bytes.
//!
//! # Unsampled requests
//! No attribute is built and no hook is called. The context is still extracted, made current, and passed on.
//!
//! # Panics
//! A panic of the service, of its body or of a hook ends the span and continues.

mod config;
mod layer;
mod on_head;
mod response_headers;
mod route;
mod service;
mod settings;
mod trusted_proxies;

pub(crate) use config::ServerConfig;
pub use layer::{ServerLayer, ServerLayerFor};
pub use on_head::ServerOnHead;
pub use route::Route;
pub use service::ServerService;
pub use tracing_core_lite::net::NetworkError;
pub use tracing_core_lite::tower::{AnyBody, Filter, OnRequest, OnResponse};
pub(crate) use trusted_proxies::Trust;
pub use trusted_proxies::{ForwardedBy, TrustedProxies};

/// The body of a response that went through [`ServerService`].
pub type ServerBody<B> = crate::TracedBody<B>;
/// The future of a [`ServerService`].
pub type ServerFuture<F, P = (), W = AnyBody> =
    tracing_core_lite::tower::CallFuture<F, crate::record::HttpCall, ServerOnHead<P>, W>;
