//! Log lines of `tracing-subscriber` that tell which trace they belong to.
//!
//! [`text`] and [`json`] are event formats for its `fmt` layer. Every line has the time (RFC 3339, UTC, microseconds), the
//! level, the service, the target, the message and the fields, the spans that are entered with theirs, and last the ids of
//! the current OpenTelemetry span: `trace_id` and `span_id` in lower-case hex. Without a current span there are none.
//! Inside the spans of `tracing` the ids are there when tracing-opentelemetry's layer is installed: it makes its span the
//! current one.
//!
//! ```
//! use tracing_core_lite::log;
//!
//! tracing_subscriber::fmt().event_format(log::json("orders")).init();
//! tracing::info!(order_id = 7, "order placed");
//! ```
//!
//! prints (in one line)
//!
//! ```json
//! {"timestamp":"2026-11-22T10:00:00.123456Z","level":"INFO","service":"orders","target":"shop::orders",
//!  "message":"order placed","fields":{"order_id":7},
//!  "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7"}
//! ```
//!
//! # What can go wrong
//! One event is one line, whatever is in its values: JSON escapes them, and text escapes control characters, so that no
//! value can start a line of its own or steer a terminal. The `fmt` layer writes the fields of *spans* as text by default;
//! give it `fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())` to have them as JSON values.

mod escape;
mod fields;
mod json;
mod text;

pub use json::{Json, json};
pub use text::{Text, text};

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};

/// The ids of the current span, `None` when there is no valid one.
fn current_ids() -> Option<(TraceId, SpanId)> {
    Context::map_current(|context| {
        let span = context.span();
        let span_context = span.span_context();
        span_context.is_valid().then(|| (span_context.trace_id(), span_context.span_id()))
    })
}
