//! A query for the start time of a context's span.
//!
//! A `Context` hides the type of its span, and only the OpenTelemetry API reaches it. The query therefore travels as a
//! call that changes no span: setting the status to `Unset`, which the specification requires every implementation to
//! ignore.

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

/// Called by our spans when their status is set to `Unset`. Answers if this thread has a query in progress.
pub(super) fn answer(start: impl FnOnce() -> Option<Timestamp>) {
    // A thread whose storage is destroyed has no query.
    let _ = PROBE.try_with(|probe| {
        if matches!(probe.get(), Probe::Asked)
            && let Some(start) = start()
        {
            probe.set(Probe::Answered(start));
        }
    });
}
