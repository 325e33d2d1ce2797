//! The trait of samplers that can be combined.

use std::fmt::Debug;
use std::sync::Arc;

use tracing_core_lite::opentelemetry::KeyValue;
use tracing_core_lite::sampling::consistent::Threshold;
use tracing_core_lite::sampling::{AlwaysOff, AlwaysOn, Ratio, Record, SamplingDecision, SamplingInput};

use crate::attribute::POLICY;

/// A consistent sampler that can be combined with others. It returns a threshold instead of a decision.
///
/// The samplers of this module implement it, and so do [`Ratio`], [`AlwaysOn`] and [`AlwaysOff`] of the core. All of
/// them are also samplers on their own.
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "ComposableSampler".
pub trait ComposableSampler: Send + Sync + Debug + 'static {
    /// Returns the threshold for a span that is about to start. This runs on the thread that starts the span.
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a>;

    /// Returns the sampler's name and settings for logs.
    fn description(&self) -> String;
}

impl<S: ComposableSampler + ?Sized> ComposableSampler for Arc<S> {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        (**self).intent(input)
    }

    fn description(&self) -> String {
        (**self).description()
    }
}

impl<S: ComposableSampler + ?Sized> ComposableSampler for Box<S> {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        (**self).intent(input)
    }

    fn description(&self) -> String {
        (**self).description()
    }
}

/// What a [`ComposableSampler`] intends for a span.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Intent<'a> {
    /// The threshold that the randomness of the trace is compared with.
    pub threshold: Threshold,
    /// Whether the threshold says how many spans a sampled span represents. If not, it is not propagated.
    pub is_counted: bool,
    /// The rule that decided, for the attribute [`POLICY`] of a sampled span.
    pub policy: Option<&'a Arc<str>>,
}

impl<'a> Intent<'a> {
    /// Creates an intent to sample the traces that pass `threshold`.
    #[must_use]
    pub const fn new(threshold: Threshold) -> Self {
        Self { threshold, is_counted: true, policy: None }
    }

    /// An intent to drop the span.
    pub const DROP: Self = Self::new(Threshold::NEVER);

    /// An intent to sample the span, which represents an unknown number of spans.
    pub const UNCOUNTED: Self = Self { threshold: Threshold::ALWAYS, is_counted: false, policy: None };

    /// Returns an intent for this share of all traces. Values above 1 are treated as 1, values below 2⁻⁵⁶ and NaN as 0.
    #[must_use]
    pub fn with_probability(probability: f64) -> Self {
        Self::new(threshold_of(probability))
    }

    /// Sets the rule that decided.
    #[must_use]
    pub fn with_policy(mut self, policy: &'a Arc<str>) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Returns the decision about the span.
    #[must_use]
    pub fn decide(self, input: &SamplingInput<'_>) -> SamplingDecision {
        let mut decision = if self.is_counted {
            SamplingDecision::by_threshold(self.threshold, input)
        } else {
            Record::RecordAndSample.into()
        };
        if decision.record == Record::RecordAndSample
            && let Some(policy) = self.policy
        {
            decision.attributes.push(KeyValue::new(POLICY, Arc::clone(policy)));
        }
        decision
    }
}

/// Returns the threshold of a share of all traces. Values above 1 are treated as 1, values below 2⁻⁵⁶ and NaN as 0.
pub(crate) fn threshold_of(probability: f64) -> Threshold {
    match Threshold::from_probability(probability) {
        Ok(threshold) => threshold,
        Err(_) if probability > 1.0 => Threshold::ALWAYS,
        Err(_) => Threshold::NEVER,
    }
}

/// Lets a [`ComposableSampler`] be used as a sampler.
macro_rules! impl_sampler {
    ($sampler:ty $(, $parameter:ident: $bound:path)?) => {
        impl $(<$parameter: $bound>)? ::tracing_core_lite::sampling::Sampler for $sampler {
            fn sample(
                &self,
                input: &::tracing_core_lite::sampling::SamplingInput<'_>,
            ) -> ::tracing_core_lite::sampling::SamplingDecision {
                $crate::head::ComposableSampler::intent(self, input).decide(input)
            }

            fn description(&self) -> String {
                $crate::head::ComposableSampler::description(self)
            }
        }
    };
}
pub(crate) use impl_sampler;

impl ComposableSampler for Ratio {
    fn intent<'a>(&'a self, _: &SamplingInput<'_>) -> Intent<'a> {
        Intent::new(self.threshold())
    }

    fn description(&self) -> String {
        tracing_core_lite::sampling::Sampler::description(self)
    }
}

impl ComposableSampler for AlwaysOn {
    fn intent<'a>(&'a self, _: &SamplingInput<'_>) -> Intent<'a> {
        Intent::new(Threshold::ALWAYS)
    }

    fn description(&self) -> String {
        tracing_core_lite::sampling::Sampler::description(self)
    }
}

impl ComposableSampler for AlwaysOff {
    fn intent<'a>(&'a self, _: &SamplingInput<'_>) -> Intent<'a> {
        Intent::DROP
    }

    fn description(&self) -> String {
        tracing_core_lite::sampling::Sampler::description(self)
    }
}
