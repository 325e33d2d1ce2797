//! Links that say why one span points at another.

/// The attribute of a link that tells its relation (semantic conventions, OpenTracing compatibility).
pub const REF_TYPE: &str = "opentracing.ref_type";

/// The value of [`REF_TYPE`] for a span that was caused by the linked one, which does not wait for it.
pub const FOLLOWS_FROM: &str = "follows_from";
