//! The counts of span names.

use std::sync::{Mutex, PoisonError};

/// The counts of span names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameStats {
    /// The distinct names that were passed on in the current window, templates included.
    pub distinct: usize,
    /// The spans whose name became a template.
    pub templated: u64,
    /// The spans whose name became `other`.
    pub other: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<NameStats>);

impl Counts {
    /// Sets the number of distinct names, and adds spans with changed names.
    pub(super) fn update(&self, distinct: usize, templated: u64, other: u64) {
        let mut stats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stats.distinct = distinct;
        stats.templated += templated;
        stats.other += other;
    }

    pub(super) fn snapshot(&self) -> NameStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
