//! The counts as a metric of the OpenTelemetry metrics API.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::rules::Redaction;

impl Redaction {
    /// Reports the values that these rules and their clones have redacted as the counter `tracing_suite.redactions` of `meter`,
    /// by `tracing_suite.detector`, such as `vendor_token`. [`stats`](Redaction::stats) also has the keys.
    pub fn report_to(&self, meter: &Meter) {
        let counts = Arc::clone(&self.counts);
        meter
            .u64_observable_counter("tracing_suite.redactions")
            .with_unit("{value}")
            .with_callback(move |observer| {
                for (detector, count) in counts.snapshot().by_detector {
                    observer.observe(count, &[KeyValue::new("tracing_suite.detector", detector.name())]);
                }
            })
            .build();
    }
}
