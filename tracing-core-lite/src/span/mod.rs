//! Spans.
pub mod data;
