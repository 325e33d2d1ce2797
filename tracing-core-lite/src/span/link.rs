//! The attribute that tells the relation of a link.

/// The key of the attribute (semantic conventions, "OpenTracing compatibility").
pub const REF_TYPE: &str = "opentracing.ref_type";

/// The value of [`REF_TYPE`] for a span that was caused by the linked one, which does not wait for it.
pub const FOLLOWS_FROM: &str = "follows_from";
