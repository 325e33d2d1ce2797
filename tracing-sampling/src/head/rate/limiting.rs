//! A sampler that limits the rate of traces.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tracing_core_lite::sampling::SamplingInput;
use tracing_core_lite::sampling::consistent::Threshold;

use super::arrivals::Arrivals;
use crate::clock::{Clock, SystemClock};
use crate::head::composable::{ComposableSampler, Intent, impl_sampler, threshold_of};
use crate::head::parent_threshold;

/// Significant hex digits of the threshold, for a short tracestate.
const PRECISION: u8 = 4;

/// A sampler that limits the number of traces per second and preserves correct counts.
///
/// It estimates the rate of arrivals, and sets the probability so that the expected number of sampled traces per second is
/// the limit. Whether a trace is sampled depends only on its randomness and on this probability, which is propagated as
/// `th`. The sum of adjusted counts is therefore an unbiased estimate of the number of arrivals. (A token bucket takes the
/// first traces of each second, so late arrivals are never sampled and counts are wrong.)
///
/// - Below the limit, nearly all traces are sampled. Close to the limit, a few percent are dropped.
/// - In steady state, the number per second varies around the limit as any random sample does.
/// - When the rate of arrivals jumps, the old probability applies until the jump is noticed: after about twice the number
///   of arrivals of a usual tenth of a second, or at the end of this tenth.
///
/// It decides about roots only, and follows the threshold of a parent. Each thread counts in its own memory, so threads do
/// not contend. The limit applies to one sampler, and so to one process.
///
/// ```
/// use tracing_core_lite::sampling::ParentBased;
/// use tracing_sampling::head::RateLimiting;
///
/// let sampler = ParentBased::new(RateLimiting::new(50.0));
/// # let provider = tracing_core_lite::TracerProvider::builder().with_sampler(sampler).build()?;
/// # Ok::<(), tracing_core_lite::BuildError>(())
/// ```
#[derive(Debug)]
pub struct RateLimiting {
    /// Traces per second.
    limit: f64,
    arrivals: Arrivals,
    threshold: AtomicU64,
}

impl RateLimiting {
    /// Creates a sampler with a limit in traces per second. Negative values and NaN are treated as 0, which samples
    /// nothing.
    #[must_use]
    pub fn new(traces_per_second: f64) -> Self {
        Self::with_clock(traces_per_second, SystemClock::default())
    }

    /// Creates a sampler with a clock, for tests that simulate time.
    #[must_use]
    pub fn with_clock(traces_per_second: f64, clock: impl Clock) -> Self {
        let limit = traces_per_second.max(0.0);
        let first = if limit > 0.0 { Threshold::ALWAYS } else { Threshold::NEVER };
        Self { limit, arrivals: Arrivals::new(clock), threshold: AtomicU64::new(first.get()) }
    }

    /// Counts an arrival, and returns the threshold for it.
    #[inline]
    fn next(&self) -> Threshold {
        self.arrivals.count(|update| {
            let probability = if update.rate > self.limit { self.limit / update.rate } else { 1.0 };
            let threshold = threshold_of(if self.limit > 0.0 { probability } else { 0.0 }).rounded(PRECISION);
            self.threshold.store(threshold.get(), Relaxed);
        });
        Threshold::from_bits(self.threshold.load(Relaxed))
    }
}

impl ComposableSampler for RateLimiting {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        match input.parent {
            Some(parent) => parent_threshold::of_parent(parent),
            None => Intent::new(self.next()),
        }
    }

    fn description(&self) -> String {
        format!("RateLimiting{{{}}}", self.limit)
    }
}

impl_sampler!(RateLimiting);
