//! A layer for clients: every attempt of a request becomes a span of kind client.
//!
//! # What happens when
//! 1. A request is sent: the span starts as a child of the current one, and its context replaces whatever context the
//!    request's headers had. That of an unsampled span is sent too, so that the callee decides likewise.
//! 2. The response's head is there: status, version and the address of the peer are known.
//! 3. The span ends with the last frame of the body; at once for responses without one.
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
//!     .layer(ClientLayer::new().peer_service("payments.internal", "payments"))
//!     .service(client); // hyper-util's client, `ReqwestService`, …
//!
//! let request = http::Request::post("https://payments.internal/charges/4711")
//!     .extension(UrlTemplate::from("/charges/{id}"))
//!     .body(String::new())?;
//! # Ok::<(), http::Error>(())
//! ```
//!
//! # The name of the span
//! `{method} {template}` with a [`UrlTemplate`] in the request's extensions, `{method}` without, `HTTP` for unknown
//! methods.
//!
//! # What is an error
//! | what happened | `error.type` | status |
//! |---|---|---|
//! | 4xx, 5xx | the code | error |
//! | the request failed, or the body broke | `timeout`, `connection_refused`, `connection_reset`, `connection_closed`, `dns_error`, `tls_error`, …; else the error's type | error |
//! | the future was dropped before the response, as by a timeout | `cancelled`, and an event `cancelled` | error |
//! | the body was dropped before its end | none, but an event `cancelled` | unset |
//! | the body of a 4xx or 5xx was dropped, as by a retry | the code | error |
//!
//! Errors that are boxed (`Box<dyn Error + Send + Sync>`, as below tower's timeout) need
//! [`ClientLayer::boxed_errors`].
//!
//! # Retries
//! Put the layer below the retry layer, and a [`ResendLayer`] above: the spans of further attempts then have
//! `http.request.resend_count`. Redirects that a client follows by itself, as reqwest does, are within one span.

mod attributes;
mod classify;
mod config;
mod future;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;
mod resend;
mod service;
mod url_template;

pub use classify::{BoxedErrors, Classify, StdErrors};
pub use future::ClientFuture;
pub use layer::ClientLayer;
#[cfg(feature = "reqwest")]
pub use reqwest::{ReqwestFuture, ReqwestService};
pub use resend::{ResendCount, ResendLayer, ResendService};
pub use service::ClientService;
pub use url_template::UrlTemplate;

/// The body of a response that went through [`ClientService`].
pub type ClientBody<B> = crate::TracedBody<B>;
