//! Starts and writes spans that the global OpenTelemetry provider records.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{Span as _, SpanBuilder, SpanContext, TraceContextExt};

use super::foreign::ForeignSpan;
use super::foreign_attributes::{self, Batch, Deferred};
use super::foreign_tracer::ForeignTracer;
use super::recorder::Recorder;
use crate::clock::Timestamp;

/// Whether the sampler of the global provider is given attributes.
static SAMPLER_READS_ATTRIBUTES: AtomicBool = AtomicBool::new(true);

pub(crate) fn set_sampler_reads_attributes(reads: bool) {
    SAMPLER_READS_ATTRIBUTES.store(reads, Ordering::Relaxed);
}

/// A span that the global provider has started.
#[derive(Debug)]
pub(super) enum Started {
    Recorded(ForeignSpan),
    NotRecorded(SpanContext),
}

/// Starts a span. The sampler sees the attributes that the conventions list for it, unless it reads none. The others are built
/// if the span is recorded.
pub(super) fn start(
    tracer: &ForeignTracer,
    mut builder: SpanBuilder,
    parent: &Context,
    values: &Context,
    start: Option<Timestamp>,
    write: impl FnOnce(&mut Recorder<'_>),
) -> Started {
    if !SAMPLER_READS_ATTRIBUTES.load(Ordering::Relaxed) {
        let parent_span = parent.span();
        return match parent_span.span_context() {
            unsampled if unsampled.is_valid() && !unsampled.is_sampled() => {
                builder.start_time = start.map(Into::into);
                match tracer.start_unsampled(builder, parent) {
                    Some(span) => recorded(span, values, start.unwrap_or_else(Timestamp::now), write),
                    None => Started::NotRecorded(unsampled.clone()),
                }
            }
            other => {
                // Such a span is most likely recorded, and its attributes then need one allocation.
                if other.is_sampled() {
                    builder.attributes = Some(foreign_attributes::room());
                }
                // The API does not reveal when a span started, so the start is set here.
                let start = start.unwrap_or_else(Timestamp::now);
                builder.start_time = Some(start.into());
                recorded(tracer.start(builder, parent), values, start, write)
            }
        };
    }
    let start = start.unwrap_or_else(Timestamp::now);
    builder.start_time = Some(start.into());
    let mut deferred = Deferred::default();
    write(&mut Recorder::building(&mut builder, &mut deferred, start));
    let mut span = tracer.start(builder, parent);
    if !span.is_recording() {
        return Started::NotRecorded(span.span_context().clone());
    }
    deferred.write_to(&mut span);
    Started::Recorded(ForeignSpan::new(span, values, start))
}

/// Runs `write` on a new span if it is recorded.
fn recorded(
    span: BoxedSpan,
    values: &Context,
    start: Timestamp,
    write: impl FnOnce(&mut Recorder<'_>),
) -> Started {
    if !span.is_recording() {
        return Started::NotRecorded(span.span_context().clone());
    }
    let span = ForeignSpan::new(span, values, start);
    self::write(&span, write);
    Started::Recorded(span)
}

/// Runs `write` on a span that is recorded, and hands its attributes over together.
pub(super) fn write(span: &ForeignSpan, write: impl FnOnce(&mut Recorder<'_>)) {
    let mut batch = Batch::default();
    write(&mut Recorder::started(span, &mut batch));
    span.set_attributes(batch.into_attributes());
}
