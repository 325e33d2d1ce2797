//! Metrics of the overhead of tracing.

use std::sync::Arc;

use opentelemetry::metrics::Meter;

use super::{Source, with_source};

/// Bucket boundaries in seconds: a span takes from less than a hundred nanoseconds to tens of microseconds.
const BOUNDARIES: [f64; 11] = [5e-8, 1e-7, 2e-7, 4e-7, 8e-7, 1.6e-6, 3.2e-6, 6.4e-6, 1.28e-5, 2.56e-5, 1e-4];

pub(super) fn register(meter: &Meter, source: &Arc<Source>) {
    let creation = meter
        .f64_histogram("span_creation_duration_seconds")
        .with_description("The time to start a span, of one span in 256 on average.")
        .with_unit("s")
        .with_boundaries(BOUNDARIES.to_vec())
        .build();
    source.engine.account().on_start(move |time| creation.record(time.as_secs_f64(), &[]));
    let read = Arc::downgrade(source);
    let _size = meter
        .u64_observable_gauge("span_buffer_size")
        .with_description("The number of spans that have ended and are not exported yet.")
        .with_unit("{span}")
        .with_callback(move |observer| {
            with_source(&read, |source| {
                let spans = source.queue.queued_spans() + source.queue.buffered_spans();
                observer.observe(spans as u64, &[]);
            });
        })
        .build();
    let read = Arc::downgrade(source);
    let _cpu = meter
        .f64_observable_gauge("instrumentation_cpu_usage_percent")
        .with_description("The CPU time of tracing as a share of the CPUs that the process may use.")
        .with_unit("%")
        .with_callback(move |observer| {
            with_source(&read, |source| {
                let overhead = source.monitor.report(source.queue.memory());
                observer.observe(overhead.cpu_share() * 100.0, &[]);
            });
        })
        .build();
}
