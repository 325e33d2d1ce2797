//! The counts as metrics of the OpenTelemetry metrics API.

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::limits::NameLimits;
use super::value_limits::ValueLimits;

impl NameLimits {
    /// Reports the counts of these limits and their clones as metrics of `meter`:
    ///
    /// | metric | instrument | value |
    /// |---|---|---|
    /// | `tracing_suite.span.names` | gauge | the distinct names of the current window |
    /// | `tracing_suite.span.names.replaced` | counter | the spans with another name, by `tracing_suite.replacement` (`template`, `other`) |
    pub fn report_to(&self, meter: &Meter) {
        let counts = self.shared_counts();
        meter
            .u64_observable_gauge("tracing_suite.span.names")
            .with_unit("{name}")
            .with_callback(move |observer| observer.observe(counts.snapshot().distinct as u64, &[]))
            .build();
        let counts = self.shared_counts();
        meter
            .u64_observable_counter("tracing_suite.span.names.replaced")
            .with_unit("{span}")
            .with_callback(move |observer| {
                let stats = counts.snapshot();
                for (replacement, count) in [("template", stats.templated), ("other", stats.other)] {
                    observer.observe(count, &[KeyValue::new("tracing_suite.replacement", replacement)]);
                }
            })
            .build();
    }
}

impl ValueLimits {
    /// Reports the counts of these limits and their clones as metrics of `meter`:
    ///
    /// | metric | instrument | value |
    /// |---|---|---|
    /// | `tracing_suite.attribute.offenders` | counter | the pairs of a span name and a key with too many values |
    /// | `tracing_suite.attribute.values.replaced` | counter | the values beyond the bound, by `tracing_suite.replacement` (`dropped`, `hash`) |
    pub fn report_to(&self, meter: &Meter) {
        let counts = self.shared_counts();
        meter
            .u64_observable_counter("tracing_suite.attribute.offenders")
            .with_unit("{attribute}")
            .with_callback(move |observer| observer.observe(counts.snapshot().exceeded, &[]))
            .build();
        let counts = self.shared_counts();
        meter
            .u64_observable_counter("tracing_suite.attribute.values.replaced")
            .with_unit("{value}")
            .with_callback(move |observer| {
                let stats = counts.snapshot();
                for (replacement, count) in [("dropped", stats.dropped), ("hash", stats.hashed)] {
                    observer.observe(count, &[KeyValue::new("tracing_suite.replacement", replacement)]);
                }
            })
            .build();
    }
}
