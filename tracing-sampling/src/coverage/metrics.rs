//! The report as metrics.

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::{Coverage, CoverageRow};

impl Coverage {
    /// Registers the counts as observable metrics of `meter`.
    ///
    /// | metric | kind | attributes |
    /// |---|---|---|
    /// | `tracing_suite.sampling.decisions` | counter | service, operation, policy, and outcome: `kept` or `dropped` |
    /// | `tracing_suite.sampling.exported` | counter | service, operation, policy |
    /// | `tracing_suite.sampling.estimated` | gauge: the estimated true count | service, operation, policy |
    ///
    /// The names of the attributes begin with `tracing_suite.sampling.`.
    pub fn register_metrics(&self, meter: &Meter) {
        let coverage = self.clone();
        meter
            .u64_observable_counter("tracing_suite.sampling.decisions")
            .with_description("Decisions about roots of traces.")
            .with_unit("{trace}")
            .with_callback(move |observer| {
                for row in coverage.report().rows {
                    for (outcome, count) in [("kept", row.kept), ("dropped", row.dropped)] {
                        let mut attributes = attributes(&row).to_vec();
                        attributes.push(KeyValue::new("tracing_suite.sampling.outcome", outcome));
                        observer.observe(count, &attributes);
                    }
                }
            })
            .build();
        let coverage = self.clone();
        meter
            .u64_observable_counter("tracing_suite.sampling.exported")
            .with_description("Local root spans that were exported.")
            .with_unit("{span}")
            .with_callback(move |observer| {
                for row in coverage.report().rows {
                    observer.observe(row.exported.kept + row.exported.uncounted, &attributes(&row));
                }
            })
            .build();
        let coverage = self.clone();
        meter
            .f64_observable_gauge("tracing_suite.sampling.estimated")
            .with_description("Local root spans that there were, estimated from those that were exported.")
            .with_unit("{span}")
            .with_callback(move |observer| {
                for row in coverage.report().rows {
                    observer.observe(row.exported.count, &attributes(&row));
                }
            })
            .build();
    }
}

fn attributes(row: &CoverageRow) -> [KeyValue; 3] {
    [
        KeyValue::new("tracing_suite.sampling.service", row.service.clone()),
        KeyValue::new("tracing_suite.sampling.operation", row.operation.clone()),
        KeyValue::new("tracing_suite.sampling.policy", row.policy.clone()),
    ]
}
