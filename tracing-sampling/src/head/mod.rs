//! Decisions when a trace starts.
