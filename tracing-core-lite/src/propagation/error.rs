//! Errors of a list of propagators.

/// A list of propagators is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropagatorError {
    /// A name is not known.
    #[error("unknown propagator {name:?}: known are {}, none", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The names that are known, apart from `none`.
        known: Vec<&'static str>,
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
