//! The propagator of whichever provider is installed when a request comes.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::{Extract, Extracted, Format, Inject, OpenTelemetryGlobal};
use crate::tracer::with_installed;

/// Reads and writes what the [installed](crate::TracerProvider::install) provider's propagator does; while none is
/// installed, what OpenTelemetry's global one does.
#[derive(Debug, Default)]
pub(super) struct Installed(OpenTelemetryGlobal);

impl Format for Installed {
    fn fields(&self) -> &[&'static str] {
        &["traceparent", "tracestate", "baggage"]
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        with_installed(|provider| match provider {
            Some(provider) => provider.propagator().extract_into(carrier, into),
            None => self.0.extract(carrier, into),
        });
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        with_installed(|provider| match provider {
            Some(provider) => provider.propagator().inject_span(span_context, context, carrier),
            None => self.0.inject(span_context, context, carrier),
        });
    }
}
