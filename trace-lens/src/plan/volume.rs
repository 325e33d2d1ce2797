//! Volume, storage and bandwidth of tracing.

use serde::Serialize;

const SECONDS_PER_DAY: f64 = 86_400.0;
const BITS: f64 = 8.0;

/// The input of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlanInput {
    /// Requests per second.
    pub requests_per_second: f64,
    /// The share of requests that is traced: 0 to 1.
    pub sampling: f64,
    /// Bytes per trace, as sent.
    pub trace_bytes: f64,
    /// Spans per trace, if known.
    pub spans_per_trace: Option<f64>,
    /// How many days traces are kept.
    pub retention_days: f64,
    /// Copies of each trace.
    pub replicas: f64,
    /// How much smaller traces are when stored.
    pub compression: f64,
    /// After how many days only a share of the traces is kept: days, and the share (0 to 1) of all that were sampled.
    pub downsampling: Vec<(f64, f64)>,
}

impl PlanInput {
    /// Creates an input with a retention of 30 days, one copy, no compression and no down-sampling.
    #[must_use]
    pub fn new(requests_per_second: f64, sampling: f64, trace_bytes: f64) -> Self {
        Self {
            requests_per_second,
            sampling,
            trace_bytes,
            spans_per_trace: None,
            retention_days: 30.0,
            replicas: 1.0,
            compression: 1.0,
            downsampling: Vec::new(),
        }
    }

    /// Sets the spans per trace.
    #[must_use]
    pub fn with_spans_per_trace(mut self, spans: f64) -> Self {
        self.spans_per_trace = Some(spans);
        self
    }

    /// Sets how many days traces are kept.
    #[must_use]
    pub fn with_retention_days(mut self, days: f64) -> Self {
        self.retention_days = days;
        self
    }

    /// Sets the copies of each trace.
    #[must_use]
    pub fn with_replicas(mut self, replicas: f64) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets how much smaller traces are when stored. Factors of 0 and below count as 1.
    #[must_use]
    pub fn with_compression(mut self, factor: f64) -> Self {
        self.compression = if factor > 0.0 { factor } else { 1.0 };
        self
    }

    /// Keeps only this share (0 to 1) of the sampled traces after some days.
    #[must_use]
    pub fn with_downsampling(mut self, after_days: f64, share: f64) -> Self {
        self.downsampling.push((after_days, share));
        self
    }
}

/// The computed volume, storage and bandwidth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The input.
    pub input: PlanInput,
    /// Sampled traces per second.
    pub traces_per_second: f64,
    /// Sampled traces per day.
    pub traces_per_day: f64,
    /// Spans per second, if the spans per trace are known.
    pub spans_per_second: Option<f64>,
    /// Bits per second that are sent.
    pub bandwidth: f64,
    /// Bytes per day, before compression and copies.
    pub bytes_per_day: f64,
    /// Bytes per day on disk.
    pub stored_per_day: f64,
    /// Bytes on disk once the retention is reached.
    pub stored: f64,
}

impl Plan {
    /// Computes volume, storage and bandwidth.
    #[must_use]
    pub fn new(input: PlanInput) -> Self {
        let traces_per_second = input.requests_per_second * input.sampling;
        let traces_per_day = traces_per_second * SECONDS_PER_DAY;
        let bytes_per_day = traces_per_day * input.trace_bytes;
        let stored_per_day = bytes_per_day * input.replicas / input.compression;
        Self {
            traces_per_second,
            traces_per_day,
            spans_per_second: input.spans_per_trace.map(|spans| spans * traces_per_second),
            bandwidth: traces_per_second * input.trace_bytes * BITS,
            bytes_per_day,
            stored_per_day,
            stored: stored_per_day * kept_days(&input),
            input,
        }
    }
}

/// The days of full volume that the kept traces amount to.
fn kept_days(input: &PlanInput) -> f64 {
    let mut steps = input.downsampling.clone();
    steps.retain(|(days, _)| *days < input.retention_days);
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut from, mut share) = (0.0, 0.0, 1.0);
    for (days, next) in steps {
        sum += (days - from) * share;
        (from, share) = (days, next.clamp(0.0, share));
    }
    sum + (input.retention_days - from) * share
}
