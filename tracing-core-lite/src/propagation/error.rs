//! What is wrong with a list of propagators.

/// `OTEL_PROPAGATORS`, or a list like it, cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropagatorError {
    /// A name that is not known.
    #[error("unknown propagator {name:?}: known are {}, none", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The names that would have been understood, `none` aside.
        known: Vec<&'static str>,
    },
    /// `none` together with other names.
    #[error("the propagator \"none\" cannot be combined with others")]
    NoneAmongOthers,
    /// The environment variable is not UTF-8.
    #[error("OTEL_PROPAGATORS is not UTF-8")]
    NotUtf8,
}
