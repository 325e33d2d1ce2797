//! Response headers that tell the caller its trace.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::TraceContextExt;
use tracing_core_lite::Context;

use super::config::ServerConfig;

static TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");

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
    if config.trace_response {
        let flags = span_context.trace_flags().to_u8();
        let value = format!("00-{}-{}-{flags:02x}", span_context.trace_id(), span_context.span_id());
        put(headers, &TRACE_RESPONSE, &value);
    }
}

fn put(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let _full = headers.try_insert(name.clone(), value).is_err();
    }
}
