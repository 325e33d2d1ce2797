//! Why a request is refused.

/// Why a request is refused. None of its spans was accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("spans cannot be accepted now; send them again later")]
    Busy,
    #[error("{0}")]
    Malformed(String),
}
