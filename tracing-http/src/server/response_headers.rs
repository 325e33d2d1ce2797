//! Response headers that tell the caller its trace.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::TraceContextExt;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::format_traceparent;

use super::config::ServerConfig;

static TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");
static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds the headers that the configuration asks for. A header map that is full stays as it is.
pub(super) fn add(config: &ServerConfig, context: &Context, headers: &mut HeaderMap) {
    if !config.changes_responses() {
        return;
    }
    let span = context.span();
    let span_context = span.span_context();
    if !span_context.is_valid() {
        return;
    }
    if let Some(name) = &config.trace_id_header {
        put(headers, name, &span_context.trace_id().to_string());
    }
    if !config.trace_response && !config.server_timing {
        return;
    }
    let value = format_traceparent(span_context);
    let Ok(value) = std::str::from_utf8(&value) else { return };
    if config.trace_response {
        put(headers, &TRACE_RESPONSE, value);
    }
    if config.server_timing
        && let Ok(timing) = HeaderValue::from_str(&format!("traceparent;desc=\"{value}\""))
    {
        let _full = headers.try_append(SERVER_TIMING.clone(), timing).is_err();
    }
}

fn put(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let _full = headers.try_insert(name.clone(), value).is_err();
    }
}
