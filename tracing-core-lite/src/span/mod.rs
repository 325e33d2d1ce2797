//! Spans, which are recorded directly as the bytes that are exported.
//!
//! A [`Span`] ends once: by [`Span::end`], or when it is dropped. Until then its setters write OTLP protobuf
//! into a pooled buffer. Afterwards they do nothing. A span that is not recorded only has ids. Compute
//! attributes inside the closures of [`Span::record`] or [`SpanBuilder::start_with`], which do not run for such
//! a span.
//!
//! ```
//! use tracing_core_lite::{Context, TracerProvider};
//!
//! # let provider = TracerProvider::builder().build()?;
//! let tracer = provider.tracer("shop");
//! let span = tracer.span("reserve stock").start_with(|span| {
//!     span.set("shop.sku", "A-7").set("shop.quantity", 3);
//! });
//! let context = span.in_context(&Context::current());
//! // … work in `context` …
//! # drop(context);
//! span.end();
//! # Ok::<(), tracing_core_lite::BuildError>(())
//! ```

mod active;
pub(crate) mod attribute_cache;
mod attribute_list;
pub(crate) mod builder;
mod classified_error;
pub mod data;
mod durable_spans;
pub(crate) mod encode;
mod end_durably;
pub(crate) mod engine;
pub(crate) mod engine_limits;
pub(crate) mod error;
pub(crate) mod essential_keys;
mod field;
mod foreign;
mod foreign_attributes;
pub(crate) mod foreign_start;
mod foreign_tracer;
mod future;
mod handle;
pub(crate) mod installed;
mod key_filter;
mod known_keys;
mod limits;
mod link;
mod name;
pub(crate) mod new_context;
mod otel_impls;
pub(crate) mod prepared;
#[cfg(feature = "tracing-layer")]
pub(crate) mod provisional;
mod received_parent;
pub(crate) mod record;
mod recorder;
pub(crate) mod scopes;
mod slot;
pub(crate) mod source;
mod start;
mod start_probe;
mod stored_context;
#[cfg(feature = "self-metrics")]
pub(crate) mod tally;
pub(crate) mod value;
#[cfg(feature = "tracing-layer")]
pub(crate) mod writer;

pub use crate::clock::Timestamp;
pub use builder::SpanBuilder;
pub use classified_error::ClassifiedError;
pub use durable_spans::DurableSpans;
pub use end_durably::EndDurably;
pub use error::{CurrentSpan, current_span};
pub(crate) use future::DropOnPanic;
pub use future::{FutureExt, InSpan};
pub use handle::Span;
pub use limits::SpanLimits;
pub use link::{FOLLOWS_FROM, REF_TYPE};
pub use name::SpanName;
pub use recorder::Recorder;
pub use stored_context::StoredContext;
pub use value::Value;
