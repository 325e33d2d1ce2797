//! Starts and writes spans that the global OpenTelemetry provider records.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::SpanBuilder;
use opentelemetry::{Context, InstrumentationScope};

use super::foreign::ForeignSpan;
use super::foreign_attributes::Deferred;
use super::recorder::Recorder;
use crate::clock::Timestamp;

/// Whether the sampler of the global provider is given attributes.
static SAMPLER_READS_ATTRIBUTES: AtomicBool = AtomicBool::new(true);

pub(crate) fn set_sampler_reads_attributes(reads: bool) {
    SAMPLER_READS_ATTRIBUTES.store(reads, Ordering::Relaxed);
}

/// Starts a span. The sampler sees the attributes that the conventions list for it, unless it reads none. The others are built
/// if the span is recorded.
pub(super) fn start(
    scope: &InstrumentationScope,
    mut builder: SpanBuilder,
    parent: &Context,
    values: &Context,
    start: Timestamp,
    write: impl FnOnce(&mut Recorder<'_>),
) -> ForeignSpan {
    if !SAMPLER_READS_ATTRIBUTES.load(Ordering::Relaxed) {
        let span = ForeignSpan::start(scope, builder, parent, values, start);
        if span.is_recording() {
            self::write(&span, write);
        }
        return span;
    }
    let mut deferred = Deferred::default();
    write(&mut Recorder::building(&mut builder, &mut deferred, start));
    let span = ForeignSpan::start(scope, builder, parent, values, start);
    if span.is_recording() {
        span.write_deferred(deferred);
    }
    span
}

/// Runs `write` on a span that is recorded, and hands its attributes over together.
pub(super) fn write(span: &ForeignSpan, write: impl FnOnce(&mut Recorder<'_>)) {
    let mut attributes = Vec::new();
    write(&mut Recorder::started(span, &mut attributes));
    span.set_attributes(attributes);
}
