//! Errors of a list of propagators.

/// The error for an invalid list of propagators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropagatorError {
    /// A name is unknown.
    #[error("unknown propagator {name:?}: known are {}, none", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The known names, except `none`.
        known: Vec<&'static str>,
    },
    /// The format exists but is not compiled in.
    #[error(
        "the propagator {name:?} is not compiled in: it needs the feature \"{feature}\" of tracing-core-lite"
    )]
    NotCompiled {
        /// The name.
        name: &'static str,
        /// The Cargo feature that adds it.
        feature: &'static str,
    },
    /// `none` is combined with other names.
    #[error("the propagator \"none\" cannot be combined with others")]
    NoneAmongOthers,
}

impl PropagatorError {
    pub(super) fn unknown(name: String, known: impl IntoIterator<Item = &'static str>) -> Self {
        Self::Unknown { name, known: known.into_iter().collect() }
    }
}
