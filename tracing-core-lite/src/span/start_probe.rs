//! Asks the span of a context when it started.
//!
//! A `Context` hides the type of its span. The only way to reach one of ours is the OpenTelemetry API, so the question
//! travels as a call that changes no span: setting the status to `Unset`, which the specification tells every
//! implementation to ignore.

use std::cell::Cell;

use opentelemetry::Context;
use opentelemetry::trace::{Status, TraceContextExt};

use crate::clock::Timestamp;

#[derive(Clone, Copy)]
enum Probe {
    Idle,
    Asked,
    Answered(Timestamp),
}

thread_local! {
    static PROBE: Cell<Probe> = const { Cell::new(Probe::Idle) };
}

/// Returns when the span of `context` started, or `None` if this crate does not record that span.
pub(super) fn start_of(context: &Context) -> Option<Timestamp> {
    PROBE.try_with(|probe| probe.set(Probe::Asked)).ok()?;
    context.span().set_status(Status::Unset);
    match PROBE.try_with(|probe| probe.replace(Probe::Idle)).ok()? {
        Probe::Answered(start) => Some(start),
        Probe::Idle | Probe::Asked => None,
    }
}

/// Called by our spans when their status is set to `Unset`: answers if this thread has asked.
pub(super) fn answer(start: impl FnOnce() -> Option<Timestamp>) {
    // A thread that is going away has asked nothing.
    let _ = PROBE.try_with(|probe| {
        if matches!(probe.get(), Probe::Asked)
            && let Some(start) = start()
        {
            probe.set(Probe::Answered(start));
        }
    });
}
