//! Decisions when a trace has ended.
