//! Metrics of exporters.

use std::sync::{Arc, Weak};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::component::Component;
use super::processor::{ERROR_TYPE, to_i64};
use super::{Source, with_source};
use crate::pipeline::Operation;
use crate::pipeline::report::{ExportStats, Stats};

/// Bucket boundaries in seconds: an export takes from less than a millisecond to minutes of retries.
const BOUNDARIES: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];

/// One exporter.
#[derive(Debug, Clone)]
pub(super) struct Exporting {
    component: Component,
    source: Weak<Source>,
    /// Its number in a fan-out.
    part: Option<usize>,
}

/// The counts of an exporter.
struct Counts<'a> {
    stats: ExportStats,
    shared: &'a Stats,
    in_flight: u64,
}

impl Exporting {
    pub(super) fn new(component: Component, source: &Weak<Source>, part: Option<usize>) -> Self {
        Self { component, source: source.clone(), part }
    }

    fn read(&self, visit: impl FnOnce(Counts<'_>)) {
        with_source(&self.source, |source| {
            let whole = source.queue.stats();
            match self.part.and_then(|number| whole.parts().get(number)) {
                // Batches wait in the exporter's own queue.
                Some(part) => {
                    let stats = part.read().stats;
                    visit(Counts { in_flight: stats.queued + stats.stored, stats, shared: part.stats() });
                }
                None => {
                    let stats = whole.snapshot(0);
                    let in_flight = whole.exports().in_flight() + stats.stored + stats.undecided;
                    visit(Counts { in_flight, stats, shared: whole });
                }
            }
        });
    }
}

pub(super) fn register(meter: &Meter, whole: &Arc<Stats>, exporters: Vec<Exporting>) {
    let all = exporters.clone();
    let _in_flight = meter
        .i64_observable_up_down_counter("otel.sdk.exporter.span.inflight")
        .with_description(
            "The number of spans which were passed to the exporter, but that have not been exported yet (neither \
             successful, nor failed).",
        )
        .with_unit("{span}")
        .with_callback(move |observer| {
            for exporter in &all {
                exporter.read(|counts| {
                    observer.observe(to_i64(counts.in_flight), exporter.component.attributes());
                });
            }
        })
        .build();
    let all = exporters.clone();
    let _exported = meter
        .u64_observable_counter("otel.sdk.exporter.span.exported")
        .with_description(
            "The number of spans for which the export has finished, either successful or failed.",
        )
        .with_unit("{span}")
        .with_callback(move |observer| {
            for exporter in &all {
                exporter.read(|counts| {
                    observer.observe(counts.stats.exported, exporter.component.attributes());
                    let failed = counts.shared.exports().failed(counts.stats.dropped_export_failed);
                    let rejected =
                        (counts.stats.rejected > 0).then(|| ("rejected".into(), counts.stats.rejected));
                    for (class, count) in failed.into_iter().chain(rejected) {
                        let error_type = KeyValue::new(ERROR_TYPE, class);
                        observer.observe(count, &exporter.component.with([error_type]));
                    }
                });
            }
        })
        .build();
    register_durations(meter, whole, &exporters);
    register_errors(meter, exporters);
}

fn register_errors(meter: &Meter, exporters: Vec<Exporting>) {
    let _errors = meter
        .u64_observable_counter("span_export_errors_total")
        .with_description("The number of attempts to export that failed.")
        .with_unit("{error}")
        .with_callback(move |observer| {
            let mut sum = 0;
            for exporter in &exporters {
                exporter.read(|counts| sum += counts.shared.exports().failed_attempts());
            }
            observer.observe(sum, &[]);
        })
        .build();
}

fn register_durations(meter: &Meter, whole: &Arc<Stats>, exporters: &[Exporting]) {
    let histogram = |name: &'static str| {
        let description = "The duration of exporting a batch of telemetry records.";
        let builder = meter.f64_histogram(name).with_description(description).with_unit("s");
        builder.with_boundaries(BOUNDARIES.to_vec()).build()
    };
    let operation = histogram("otel.sdk.exporter.operation.duration");
    let export = histogram("span_export_duration_seconds");
    for exporter in exporters {
        let (operation, export) = (operation.clone(), export.clone());
        let component = exporter.component.clone();
        let record = move |it: &Operation<'_>| record(&operation, &export, &component, it);
        match exporter.part.and_then(|number| whole.parts().get(number)) {
            Some(part) => part.stats().exports().on_operation(record),
            None => whole.exports().on_operation(record),
        }
    }
}

fn record(operation: &Histogram<f64>, export: &Histogram<f64>, component: &Component, done: &Operation<'_>) {
    let seconds = done.duration.as_secs_f64();
    let error_type = done.error_type.map(|class| KeyValue::new(ERROR_TYPE, class.to_owned()));
    let http = done.response.http_status;
    let http = http.map(|status| KeyValue::new("http.response.status_code", i64::from(status)));
    let rpc = done.response.grpc_status.map(|status| KeyValue::new("rpc.response.status_code", status));
    operation.record(seconds, &component.with(error_type.into_iter().chain(http).chain(rpc)));
    export.record(seconds, &[]);
}
