//! The duration of calls as a metric.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, UpDownCounter};
use opentelemetry::trace::SpanContext;

use crate::exemplars::DurationHistogram;

/// Bucket boundaries in seconds (semantic conventions for HTTP and RPC metrics).
const DURATION_BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The instruments of one layer: the duration of calls, and optionally the number of active calls.
#[derive(Debug, Clone)]
pub struct CallMetrics {
    duration: DurationHistogram,
    active: Option<UpDownCounter<i64>>,
}

impl CallMetrics {
    /// Creates a histogram of durations in seconds.
    #[must_use]
    pub fn new(meter: &Meter, name: &'static str, description: &'static str) -> Self {
        let duration = DurationHistogram::new(meter, name, Some(description), &DURATION_BOUNDARIES);
        Self { duration, active: None }
    }

    /// Adds a counter of the calls that are active.
    #[must_use]
    pub fn with_active(mut self, meter: &Meter, name: &'static str, description: &'static str) -> Self {
        let counter = meter.i64_up_down_counter(name).with_description(description).with_unit("{request}");
        self.active = Some(counter.build());
        self
    }

    /// Starts to measure a call. `common` are the attributes of both instruments.
    #[must_use]
    pub fn start(&self, common: Vec<KeyValue>) -> Measurement {
        if let Some(active) = &self.active {
            active.add(1, &common);
        }
        Measurement { metrics: self.clone(), start: Instant::now(), common }
    }
}

/// A call that is being measured.
#[derive(Debug)]
pub struct Measurement {
    metrics: CallMetrics,
    start: Instant,
    common: Vec<KeyValue>,
}

impl Measurement {
    /// Records the duration of the call, which is no longer active. `span_context` is that of its span, if it has a recorded one.
    pub fn end(self, attributes: impl IntoIterator<Item = KeyValue>, span_context: Option<&SpanContext>) {
        let Self { metrics, start, mut common } = self;
        if let Some(active) = &metrics.active {
            active.add(-1, &common);
        }
        common.extend(attributes);
        metrics.duration.record(start.elapsed(), &common, span_context);
    }
}
