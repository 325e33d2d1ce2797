//! A histogram whose measurements go to the hook too.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry::trace::SpanContext;

use super::hook::{self, Exemplar};

/// A histogram of durations in seconds.
#[derive(Debug, Clone)]
pub struct DurationHistogram {
    name: &'static str,
    histogram: Histogram<f64>,
}

impl DurationHistogram {
    /// The unit of every value (UCUM).
    const UNIT: &str = "s";

    /// Creates a histogram with these bucket boundaries, in seconds.
    #[must_use]
    pub fn new(
        meter: &Meter,
        name: &'static str,
        description: Option<&'static str>,
        boundaries: &[f64],
    ) -> Self {
        let mut builder =
            meter.f64_histogram(name).with_unit(Self::UNIT).with_boundaries(boundaries.to_vec());
        if let Some(description) = description {
            builder = builder.with_description(description);
        }
        Self { name, histogram: builder.build() }
    }

    /// Records the duration of a call, whose span has the context `span_context`, if it has a recorded span.
    pub fn record(&self, duration: Duration, attributes: &[KeyValue], span_context: Option<&SpanContext>) {
        let value = duration.as_secs_f64();
        self.histogram.record(value, attributes);
        hook::measured(&Exemplar {
            instrument: self.name,
            unit: Self::UNIT,
            value,
            attributes,
            span_context: span_context.unwrap_or(&SpanContext::NONE),
        });
    }
}
