//! Event formats for `tracing-subscriber` that add trace and span ids to log lines.
//!
//! [`text`] and [`json`] are event formats for its `fmt` layer. Each line has the time (RFC 3339, UTC, microseconds), the
//! level, the service, the target, the message, the fields, and the entered spans with their fields. The ids of the current
//! OpenTelemetry span come last: `trace_id` and `span_id` in lower-case hexadecimal. Without a current span they are left
//! out. Inside spans of `tracing`, the ids are present if [`SpanLayer`](crate::subscriber::SpanLayer) or the layer of
//! tracing-opentelemetry is installed, because it makes its span the current one. Records of the `log` crate that
//! `tracing-log` passes on have them too. An event with an explicit parent (`info!(parent: &span, …)`) has the ids of that span if
//! [`SpanLayer`](crate::subscriber::SpanLayer) is part of the global subscriber.
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
//! # Control characters
//! One event is always one line. Both formats escape control characters, so no value can start a new line or send commands
//! to a terminal. The `fmt` layer formats the fields of *spans* as text by default. To get JSON values, give it
//! `fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())`.

mod escape;
mod fields;
mod json;
mod service;
mod text;

pub use json::{Json, json};
pub use text::{Text, text};

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};
use tracing::Event;

/// Returns the ids of the span that the event belongs to, `None` if there is no valid one.
fn ids_of(event: &Event<'_>) -> Option<(TraceId, SpanId)> {
    #[cfg(feature = "tracing-layer")]
    if let Some(parent) = event.parent()
        && let Some(context) = crate::subscriber::context_of(parent)
    {
        return ids_in(&context);
    }
    #[cfg(not(feature = "tracing-layer"))]
    let _contextual = event;
    Context::map_current(ids_in)
}

fn ids_in(context: &Context) -> Option<(TraceId, SpanId)> {
    let span = context.span();
    let span_context = span.span_context();
    span_context.is_valid().then(|| (span_context.trace_id(), span_context.span_id()))
}
