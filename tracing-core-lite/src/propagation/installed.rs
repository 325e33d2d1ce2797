//! The propagator of whichever provider is installed when a request comes.

use std::cell::Cell;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::{Extract, Extracted, Format, Inject, OpenTelemetryGlobal, Propagator};
#[cfg(feature = "http")]
use super::{HeaderScan, Traceparent};
use crate::provider::installed::with_installed;

/// Reads and writes what the [installed](crate::TracerProvider::install) provider's propagator does; while none is
/// installed, what OpenTelemetry's global one does.
#[derive(Debug, Default)]
pub(super) struct Installed(OpenTelemetryGlobal);

thread_local! {
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `ask` with the installed propagator; with none when it is asked from within itself, as an installed provider
/// whose own propagator is the global one would do.
fn once<R>(ask: impl FnOnce(Option<&Propagator>) -> R) -> R {
    if ASKING.replace(true) {
        return ask(None);
    }
    let asked = with_installed(|installed| ask(installed.map(|installed| &installed.propagator)));
    ASKING.set(false);
    asked
}

#[cfg(feature = "http")]
impl Installed {
    pub(super) fn lone_parent(headers: &HeaderScan<'_>) -> Option<Traceparent> {
        once(|installed| installed?.lone_parent(headers))
    }
}

impl Format for Installed {
    fn fields(&self) -> &[&'static str] {
        &["traceparent", "tracestate", "baggage"]
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        once(|installed| match installed {
            Some(propagator) => propagator.extract_into(carrier, into),
            None => self.0.extract(carrier, into),
        });
    }

    #[cfg(feature = "http")]
    fn extract_headers(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        once(|installed| match installed {
            Some(propagator) => propagator.extract_headers_into(headers, into),
            None => self.0.extract(headers, into),
        });
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        once(|installed| match installed {
            Some(propagator) => propagator.inject_span(span_context, context, carrier),
            None => self.0.inject(span_context, context, carrier),
        });
    }
}
