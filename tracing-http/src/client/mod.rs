//! A layer for clients: every attempt of a request becomes a span of kind client.
//!
//! # What happens when
//! 1. A request is sent. The span starts as a child of the current one, and its context replaces any context in the
//!    request's headers. The context of an unsampled span is sent too, so that the callee decides the same.
//!    [`OnRequest`] may add attributes.
//! 2. The head of the response arrives, with version and peer address. [`OnResponse`] may add attributes.
//! 3. The response ends, and so does the span: with the last frame of the body, or at once for responses without a body.
//!
//! ```
//! use tower::ServiceBuilder;
//! use tracing_http::client::{ClientLayer, UrlTemplate};
//!
//! # use std::convert::Infallible;
//! # let client = tower::service_fn(|_request: http::Request<String>| async {
//! #     Ok::<_, Infallible>(http::Response::new(String::new()))
//! # });
//! let client = ServiceBuilder::new()
//!     .layer(ClientLayer::new().with_peer_service("payments.internal", "payments"))
//!     .service(client); // hyper-util's client, or any other service
//!
//! let request = http::Request::post("https://payments.internal/charges/4711")
//!     .extension(UrlTemplate::from("/charges/{id}"))
//!     .body(String::new())?;
//! # Ok::<(), http::Error>(())
//! ```
//!
//! # The name of the span
//! `{method} {template}` with a [`UrlTemplate`] in the request's extensions, `{method}` without, and `HTTP` in place of
//! unknown methods.
//!
//! # What is an error
//! | what happened | `error.type` | status |
//! |---|---|---|
//! | 1xx to 3xx | none | unset |
//! | 4xx, 5xx | the code | error |
//! | the request failed, or the body broke | `timeout`, `connection_refused`, `connection_reset`, `connection_closed`, `dns_error`, `tls_error`, …, or the error's type | error |
//! | a panic | `panic` | error |
//! | the future was dropped before the response, as by a timeout | `cancelled` | error |
//! | the body was dropped before its end | none | unset |
//! | the body of a 4xx or 5xx was dropped, as by a retry | the code | error |
//!
//! A request that was dropped has `tracing_suite.outcome = "cancelled"` and an event `cancelled`, unless its response had
//! failed before.
//!
//! Boxed errors (`Box<dyn Error + Send + Sync>`), as below tower's timeout, need [`ClientLayer::with_boxed_errors`].
//!
//! # Resends
//! Put the layer below whatever sends requests again, and a [`ResendLayer`] above it. The spans of further attempts then
//! have `http.request.resend_count`. Redirects that a client follows internally, as reqwest does, are part of one span.
//!
//! # Requests that are sent from another task
//! Middleware such as tower's buffer calls the service below it from a task of its own, where the caller's span is not
//! current. Put a [`CarryContextLayer`] above such middleware:
//!
//! ```
//! use tower::ServiceBuilder;
//! use tracing_http::client::{CarryContextLayer, ClientLayer};
//!
//! # async fn with<S>(client: S)
//! # where
//! #     S: tower::Service<http::Request<String>, Response = http::Response<String>> + Send + 'static,
//! #     S::Error: std::error::Error + Send + Sync,
//! #     S::Future: Send,
//! # {
//! let client = ServiceBuilder::new()
//!     .layer(CarryContextLayer::new())
//!     .buffer::<http::Request<String>>(16)
//!     .layer(ClientLayer::new())
//!     .service(client);
//! # }
//! ```

mod classify;
mod config;
mod layer;
mod on_head;
mod resend;
mod service;
mod settings;
mod url_template;

pub use classify::{BoxedErrors, Classify, StdErrors};
pub(crate) use config::ClientConfig;
pub use layer::ClientLayer;
pub use on_head::ClientOnHead;
pub use resend::{ResendCount, ResendFuture, ResendLayer, ResendService};
pub use service::ClientService;
#[cfg(feature = "reqwest")]
pub(crate) use service::UnderBoundary;
pub use tracing_core_lite::tower::{CarryContextLayer, Filter, OnRequest, OnResponse};
pub use url_template::UrlTemplate;

/// The body of a response that went through [`ClientService`].
pub type ClientBody<B> = crate::TracedBody<B>;
/// The future of a [`ClientService`].
pub type ClientFuture<F, C, P = ()> =
    tracing_core_lite::tower::CallFuture<F, crate::record::HttpCall, ClientOnHead<C, P>>;
