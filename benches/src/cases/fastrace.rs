//! fastrace's layer, reporting through its OpenTelemetry reporter.

use fastrace::collector::{SpanContext, SpanId, TraceId};

use super::{Service, router};
use crate::exporters::{self, Out};

pub fn service(out: &Out) -> Service {
    exporters::fastrace(out);
    Service { router: router().layer(fastrace_axum::FastraceLayer::default()), flush: Box::new(flush) }
}

/// Spans that its channel had no room for stay in their thread until it starts another span: here an unsampled one, which
/// records nothing.
pub fn flush() {
    fastrace::flush();
    drop(fastrace::Span::root("flush", SpanContext::new(TraceId(7), SpanId(7)).sampled(false)));
    fastrace::flush();
}
