//! Headers that tell the caller of a server its trace.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::config::Config;
use crate::exchange::Exchange;

static TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// Adds what was asked for. Full headers are left as they are.
pub(super) fn add(config: &Config, exchange: &Exchange, headers: &mut HeaderMap) {
    if config.trace_id_header.is_none() && !config.trace_response {
        return;
    }
    let span_context = exchange.span_context();
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
