//! The format of the propagator that is installed when a carrier is read or written.

use std::cell::Cell;
use std::sync::OnceLock;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

#[cfg(feature = "http")]
use super::HeaderScan;
#[cfg(feature = "tower")]
use super::Traceparent;
use super::{Extract, Extracted, Format, Inject, OpenTelemetryGlobal};

/// A format that delegates to the installed propagator.
pub(crate) trait FollowInstalled {
    fn extract_into(&self, carrier: &dyn Extract, into: &mut Extracted);

    #[cfg(feature = "http")]
    fn extract_headers_into(&self, headers: &HeaderScan<'_>, into: &mut Extracted);

    #[cfg(feature = "tower")]
    fn lone_parent(&self, headers: &HeaderScan<'_>) -> Option<Traceparent>;

    fn inject_span(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject);

    fn inject_ids_alone(&self, span_context: &SpanContext, carrier: &mut dyn Inject);
}

/// A function that calls its argument with the installed propagator.
pub(crate) type Lookup = fn(&mut dyn FnMut(Option<&dyn FollowInstalled>));

/// The function that finds the installed propagator. Empty until a provider is installed.
static LOOKUP: OnceLock<Lookup> = OnceLock::new();

/// Sets the function that finds the installed propagator. Only the first call has an effect.
pub(crate) fn register(lookup: Lookup) {
    let _ = LOOKUP.set(lookup);
}

/// A format that delegates to the installed propagator, or to OpenTelemetry's global one while none is installed.
#[derive(Debug, Default)]
pub(super) struct Installed(OpenTelemetryGlobal);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls `ask` with the installed propagator, or with `None` if none is installed. It also gets `None` if the installed
/// propagator is already running on this thread, as happens if it contains
/// [`Propagator::global`](super::Propagator::global).
fn once<R>(ask: impl FnOnce(Option<&dyn FollowInstalled>) -> R) -> R {
    /// Resets the flag even if a format panics.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.set(false);
        }
    }
    let Some(lookup) = LOOKUP.get() else { return ask(None) };
    if INSIDE.replace(true) {
        return ask(None);
    }
    let _leave = Leave;
    let (mut ask, mut answer) = (Some(ask), None);
    lookup(&mut |installed| answer = ask.take().map(|ask| ask(installed)));
    match (answer, ask) {
        (Some(answer), _) => answer,
        (None, Some(ask)) => ask(None),
        // `ask` is taken only by the call above, which sets the answer.
        (None, None) => unreachable!("the question was asked and its answer lost"),
    }
}

impl Installed {
    pub(super) fn inject_ids_alone(span_context: &SpanContext, carrier: &mut dyn Inject) {
        once(|installed| match installed {
            Some(propagator) => propagator.inject_ids_alone(span_context, carrier),
            None => OpenTelemetryGlobal::new().inject(span_context, &Context::new(), carrier),
        });
    }
}

#[cfg(feature = "tower")]
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
