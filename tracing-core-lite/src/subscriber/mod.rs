//! A layer for `tracing-subscriber` that records the spans of `tracing`.
//!
//! Each `tracing` span becomes a span of a trace, and each event within it a span event. While such a span is entered, its
//! context is [`Context::current`](crate::Context::current), so spans of `tracing`, of this crate and of the OpenTelemetry
//! API nest in each other in any order.
//!
//! ```
//! use tracing_core_lite::{subscriber, testing::TestSpans};
//! use tracing_subscriber::layer::SubscriberExt;
//! use tracing_subscriber::util::SubscriberInitExt;
//!
//! let spans = TestSpans::new();
//! let guard = tracing_subscriber::registry()
//!     .with(subscriber::layer().with_tracer(spans.tracer()))
//!     .set_default();
//! tracing::info_span!("check out", order.id = 7).in_scope(|| {
//!     tracing::info_span!("reserve stock").in_scope(|| tracing::info!("reserved"));
//! });
//! drop(guard);
//! spans.assert_tree("
//!     check out
//!       reserve stock
//! ");
//! assert_eq!(spans.one("check out").int("order.id"), Some(7));
//! ```
//!
//! # Special fields
//! | field | meaning |
//! |---|---|
//! | `otel.name` | the span's name, instead of that in the code |
//! | `otel.kind` | `server`, `client`, `producer`, `consumer` or `internal` |
//! | `otel.status_code` | `ok` or `error` |
//! | `otel.status_description` | sets the status to an error with this description |
//!
//! An error as a field of a span (`error = &error as &dyn Error`) is also an exception event with type, message and causes.
//! All other fields are attributes. An event of level ERROR, and one whose only field is `error`, sets the status.
//!
//! # Parents, ids and sampling
//! A span gets its ids, and the sampler decides about it, when it is first entered, when it gets its first child, when
//! [`SpanExt::context`] is called, or when it is closed, whichever is first. Until then, [`SpanExt::set_parent`] can change its
//! parent, for example to a context from the headers of a message. After that, it returns an error.
//!
//! The attributes of a span are kept until its ids are fixed, even if its parent is unsampled. Only at a place in the code where
//! more than a thousand such spans were created, and `set_parent` was never called, are they not built. If it is called there
//! later, the first span lacks the attributes from its creation.
//!
//! A span ends when it is exited for the last time, not when it is closed, because a handle of it may be kept much longer. A
//! span that was never entered ends when it is closed. The children of an unsampled span are not recorded. They share its
//! context and its ids.
//!
//! # Pitfalls
//! - Without a filter on this layer, `RUST_LOG=trace` turns the spans inside h2 and hyper into spans of your traces. Give it a
//!   filter of its own with `with_filter`.
//! - To change filters at run time, put `tracing_subscriber::reload` around the *filter*. Around the layer, it hides the layer from
//!   [`SpanExt`], whose methods then do nothing or return an error.
//! - Spans are recorded by the tracer's provider, or by the [installed](crate::TracerProvider::install) one. Over another
//!   OpenTelemetry SDK, use tracing-opentelemetry.

mod callbacks;
mod entered;
mod event;
mod exception;
mod extension;
mod fields;
mod layer;
mod live;
mod options;
mod reparented;
mod request_span;
mod scratch;
mod start;
mod state;
mod timing;
#[cfg(feature = "tower")]
pub(crate) mod tower_span;

#[cfg(feature = "log")]
pub(crate) use extension::context_of;
pub use extension::{SetParentError, SpanExt};
pub use layer::{SpanLayer, layer};
