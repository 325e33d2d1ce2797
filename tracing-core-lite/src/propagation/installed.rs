//! The format of whichever propagator is installed when a carrier is read or written.

use std::cell::Cell;
use std::sync::OnceLock;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::{Extract, Extracted, Format, Inject, OpenTelemetryGlobal};
#[cfg(feature = "http")]
use super::{HeaderScan, Traceparent};

/// What an installed propagator does.
pub(crate) trait FollowInstalled {
    fn extract_into(&self, carrier: &dyn Extract, into: &mut Extracted);

    #[cfg(feature = "http")]
    fn extract_headers_into(&self, headers: &HeaderScan<'_>, into: &mut Extracted);

    #[cfg(feature = "http")]
    fn lone_parent(&self, headers: &HeaderScan<'_>) -> Option<Traceparent>;

    fn inject_span(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject);
}

/// Calls its argument with the propagator that is installed.
pub(crate) type Lookup = fn(&mut dyn FnMut(Option<&dyn FollowInstalled>));

/// How to find the installed propagator; empty until one is installed.
static LOOKUP: OnceLock<Lookup> = OnceLock::new();

/// Sets how to find the installed propagator. Only the first call counts.
pub(crate) fn register(lookup: Lookup) {
    let _ = LOOKUP.set(lookup);
}

/// Reads and writes what the installed propagator does. While none is installed, it does what OpenTelemetry's global
/// propagator does.
#[derive(Debug, Default)]
pub(super) struct Installed(OpenTelemetryGlobal);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `ask` with the installed propagator. It gets `None` if none is installed, and if this thread is inside the
/// installed propagator already, as it is when that one is [`Propagator::global`](super::Propagator::global) itself.
fn once<R>(ask: impl FnOnce(Option<&dyn FollowInstalled>) -> R) -> R {
    /// Also runs when a format panics.
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
        // `ask` is gone only once it has been called, and then there is an answer.
        (None, None) => unreachable!("the question was asked and its answer lost"),
    }
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
