//! Spans.
pub mod data;
pub(crate) mod decode;
