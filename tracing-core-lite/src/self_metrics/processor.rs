//! Metrics of the queue.

use std::sync::Weak;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::component::Component;
use super::{Source, with_source};
use crate::span::tally::Tally;

pub(super) const ERROR_TYPE: &str = "error.type";

pub(super) fn register(meter: &Meter, source: &Weak<Source>) {
    let (read, component) = (source.clone(), Component::processor());
    let _size = meter
        .i64_observable_up_down_counter("otel.sdk.processor.span.queue.size")
        .with_description("The number of spans in the queue of a given instance of an SDK span processor.")
        .with_unit("{span}")
        .with_callback(move |observer| {
            with_source(&read, |source| observer.observe(to_i64(waiting(source)), component.attributes()));
        })
        .build();
    let (read, component) = (source.clone(), Component::processor());
    let _capacity = meter
        .i64_observable_up_down_counter("otel.sdk.processor.span.queue.capacity")
        .with_description(
            "The maximum number of spans the queue of a given instance of an SDK span processor can hold.",
        )
        .with_unit("{span}")
        .with_callback(move |observer| {
            with_source(&read, |source| {
                observer.observe(to_i64(source.queue.limits().max_queue_size as u64), component.attributes());
            });
        })
        .build();
    let read = source.clone();
    let _processed = meter
        .u64_observable_counter("otel.sdk.processor.span.processed")
        .with_description(
            "The number of spans for which the processing has finished, either successful or failed.",
        )
        .with_unit("{span}")
        .with_callback(move |observer| {
            let component = Component::processor();
            with_source(&read, |source| {
                observer.observe(processed(source), component.attributes());
                let stats = source.queue.stats().snapshot(0);
                for (error_type, count) in [
                    ("queue_full", stats.dropped_queue_full),
                    ("already_shutdown", stats.dropped_after_shutdown),
                    ("after_fork", stats.dropped_after_fork),
                ] {
                    if count > 0 {
                        observer.observe(count, &component.with([KeyValue::new(ERROR_TYPE, error_type)]));
                    }
                }
            });
        })
        .build();
}

/// Returns the spans that were passed to the exporter, and those that are recorded but not to be exported.
fn processed(source: &Source) -> u64 {
    let unexported = source.engine.tally().map_or(0, Tally::unexported);
    source.queue.stats().exports().passed() + unexported
}

/// Returns the spans that wait for the exporter.
fn waiting(source: &Source) -> u64 {
    let queued = source.queue.queued_spans() as u64;
    let buffered = source.queue.buffered_spans() as u64;
    buffered + queued.saturating_sub(source.queue.stats().exports().in_flight())
}

pub(super) fn to_i64(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
