//! What is wrong with a sampler's settings.

use std::sync::Arc;

use super::{AlwaysOn, ParentBased, Ratio, Sampler};

/// `OTEL_TRACES_SAMPLER` or `OTEL_TRACES_SAMPLER_ARG` cannot be followed. Report it, and go on with the
/// [`fallback`](SamplerError::fallback).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplerError {
    /// A name that is not known.
    #[error("unknown sampler {name:?}: known are {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The names that would have been understood.
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
    /// The sampler to use instead: as the OpenTelemetry specification says, a ratio of 1 in place of one that cannot be
    /// read, and the default sampler in place of one that is not known.
    #[must_use]
    pub fn fallback(&self) -> Arc<dyn Sampler> {
        match self {
            Self::Argument { name: "traceidratio", .. } => Arc::new(Ratio::new(1.0)),
            Self::Argument { .. } => Arc::new(ParentBased::new(Ratio::new(1.0))),
            Self::Unknown { .. } => Arc::new(ParentBased::new(AlwaysOn)),
        }
    }
}
