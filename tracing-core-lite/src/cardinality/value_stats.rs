//! The counts of distinct values.

use std::sync::{Mutex, PoisonError};

/// The maximum number of offenders that are listed.
pub(super) const MAX_OFFENDERS: usize = 100;

/// The counts of distinct attribute values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueStats {
    /// The pairs of a span name and an attribute key whose values were counted in the current window.
    pub counted: usize,
    /// The pairs that were not counted, because 3,500 others were.
    pub not_counted: u64,
    /// The pairs that exceeded their bound since the start: the first 100, each once.
    pub offenders: Vec<ValueOffender>,
    /// The number of pairs that exceeded their bound since the start.
    pub exceeded: u64,
    /// The values that were removed, because they were beyond the bound.
    pub dropped: u64,
    /// The values that were replaced by a hash.
    pub hashed: u64,
    /// The memory that the counts use, in bytes.
    pub memory: usize,
}

/// An attribute with too many distinct values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueOffender {
    /// The name of the spans.
    pub span: String,
    /// The key of the attribute.
    pub key: String,
    /// The bound.
    pub bound: u64,
    /// One of the values, redacted and cut at 80 characters.
    pub example: String,
}

#[derive(Debug, Default)]
pub(super) struct ValueCounts(Mutex<ValueStats>);

impl ValueCounts {
    pub(super) fn update(&self, change: impl FnOnce(&mut ValueStats)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn snapshot(&self) -> ValueStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
