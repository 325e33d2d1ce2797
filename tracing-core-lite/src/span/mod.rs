//! Spans.
pub mod data;
mod decode;
