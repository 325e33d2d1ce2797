//! Errors in a sampler's settings.

use std::sync::Arc;

use super::{AlwaysOn, ParentBased, Ratio, Sampler};

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
}

impl SamplerError {
    /// Returns the sampler to use instead. As the OpenTelemetry specification requires, this is a ratio of 1 for an
    /// invalid ratio, and the default sampler for an unknown name.
    #[must_use]
    pub fn fallback(&self) -> Arc<dyn Sampler> {
        match self {
            Self::Argument { name: "traceidratio", .. } => Arc::new(Ratio::new(1.0)),
            Self::Argument { .. } => Arc::new(ParentBased::new(Ratio::new(1.0))),
            Self::Unknown { .. } => Arc::new(ParentBased::new(AlwaysOn)),
        }
    }
}
