//! The attribute that names the relation of a link.

/// The key of the attribute (semantic conventions, "OpenTracing compatibility").
pub const REF_TYPE: &str = "opentracing.ref_type";

/// The value of [`REF_TYPE`] if the linked span caused this one and does not wait for it.
pub const FOLLOWS_FROM: &str = "follows_from";
