//! A sampler that keeps what any of several would keep.

use tracing_core_lite::sampling::SamplingInput;

use super::composable::{ComposableSampler, Intent, impl_sampler};

/// A sampler that samples what any of its members would sample: it applies the lowest of their thresholds.
///
/// Because the members are consistent, the lowest threshold samples exactly the union of what they sample, and the
/// adjusted counts stay correct. Every member is asked about every span, so that rate limits count all arrivals.
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "ComposableAnyOf".
///
/// ```
/// use tracing_core_lite::sampling::Ratio;
/// use tracing_sampling::head::{AnyOf, RateLimiting};
///
/// // 1 % of all traces, and at least about one per second.
/// let sampler = AnyOf::new().with(Ratio::new(0.01)).with(RateLimiting::new(1.0));
/// ```
#[derive(Debug, Default)]
pub struct AnyOf {
    members: Vec<Box<dyn ComposableSampler>>,
}

impl AnyOf {
    /// Creates a sampler without members, which samples nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, member: impl ComposableSampler) -> Self {
        self.members.push(Box::new(member));
        self
    }
}

impl ComposableSampler for AnyOf {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        let intents = self.members.iter().map(|member| member.intent(input));
        // Of two equal thresholds, prefer the one from which the count is known.
        let lowest = intents.min_by_key(|intent| (intent.threshold, !intent.is_counted));
        lowest.unwrap_or(Intent::DROP)
    }

    fn description(&self) -> String {
        let members: Vec<_> = self.members.iter().map(|member| member.description()).collect();
        format!("AnyOf{{{}}}", members.join(","))
    }
}

impl_sampler!(AnyOf);
