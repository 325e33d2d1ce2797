//! Errors in a sampler's settings.

use std::sync::Arc;

use super::{AlwaysOn, ParentBased, Ratio, Sampler};

/// The share that an unregistered `jaeger_remote` samples when its argument names none: the one that Jaeger's own
/// libraries start with.
const JAEGER_INITIAL: f64 = 0.001;

/// The error for an invalid `OTEL_TRACES_SAMPLER` or `OTEL_TRACES_SAMPLER_ARG`. Report it, and use the
/// [`fallback`](SamplerError::fallback).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplerError {
    /// The name is unknown.
    #[error("unknown sampler {name:?}: known are {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The known names.
        known: Vec<&'static str>,
    },
    /// The argument of a ratio sampler is not a number from 0 to 1.
    #[error("the argument {argument:?} of sampler {name} is not a number from 0 to 1")]
    Argument {
        /// The sampler.
        name: &'static str,
        /// Its argument.
        argument: String,
    },
    /// The sampler is one of another crate, which has not [registered](super::register) it.
    #[error(
        "sampler {name} is not registered: call tracing_sampling::register() before tracing starts; until then {} of all traces are sampled",
        initial_rate(argument)
    )]
    Unregistered {
        /// The sampler.
        name: &'static str,
        /// Its argument.
        argument: String,
    },
    /// A [registered](super::register) sampler did not accept its argument.
    #[error("sampler {name}: {reason}")]
    Registered {
        /// The sampler.
        name: String,
        /// Its argument.
        argument: String,
        /// What is wrong with the argument.
        reason: String,
    },
}

impl SamplerError {
    /// Returns the sampler to use instead. As the OpenTelemetry specification requires, this is a ratio of 1 for an
    /// invalid ratio, and the default sampler for an unknown name.
    ///
    /// For a sampler of another crate that is not registered, or that does not accept its argument, it is a ratio of the
    /// argument's `initialSamplingRate`, else 0.001: never everything, because the sampler was chosen to bound the load.
    #[must_use]
    pub fn fallback(&self) -> Arc<dyn Sampler> {
        match self {
            Self::Argument { name: "traceidratio", .. } => Arc::new(Ratio::new(1.0)),
            Self::Argument { .. } => Arc::new(ParentBased::new(Ratio::new(1.0))),
            Self::Unknown { .. } => Arc::new(ParentBased::new(AlwaysOn)),
            Self::Unregistered { name, argument } => initial(name, argument),
            Self::Registered { name, argument, .. } => initial(name, argument),
        }
    }
}

fn initial(name: &str, argument: &str) -> Arc<dyn Sampler> {
    let ratio = Ratio::new(initial_rate(argument));
    if name.to_ascii_lowercase().starts_with("parentbased_") {
        return Arc::new(ParentBased::new(ratio));
    }
    Arc::new(ratio)
}

/// Returns the `initialSamplingRate` of an argument `endpoint=…,pollingIntervalMs=…,initialSamplingRate=…`.
fn initial_rate(argument: &str) -> f64 {
    let members = argument.split(',').filter_map(|member| member.split_once('='));
    members
        .filter(|(key, _)| key.trim() == "initialSamplingRate")
        .filter_map(|(_, value)| value.trim().parse().ok())
        .find(|rate| (0.0..=1.0).contains(rate))
        .unwrap_or(JAEGER_INITIAL)
}
