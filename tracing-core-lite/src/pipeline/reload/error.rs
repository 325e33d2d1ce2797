//! Errors when an exporter is replaced.

/// The error when an exporter cannot replace another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// One of both exporters judges unsampled spans, and the other does not. The provider has asked the first one when it was
    /// built, and hands over unsampled spans or not. See [`Exporter::judges_unsampled`](super::super::Exporter::judges_unsampled).
    #[error("an exporter that judges unsampled spans and one that does not cannot replace each other")]
    JudgesUnsampled,
}
