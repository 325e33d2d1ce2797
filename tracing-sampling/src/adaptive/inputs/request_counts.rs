//! Counts of all requests of a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use thread_local::ThreadLocal;

use super::{InputError, RequestSource, Requests};

/// Counts the requests of this process, sampled or not. Clones share the counts.
///
/// Call [`record`](RequestCounts::record) where the outcome of every request is known, for example in a middleware. Each
/// thread counts for itself.
#[derive(Debug, Clone, Default)]
pub struct RequestCounts(Arc<ThreadLocal<Counts>>);

/// The counts of one thread. Only this thread writes them.
#[derive(Debug, Default)]
struct Counts {
    total: AtomicU64,
    failed: AtomicU64,
}

impl RequestCounts {
    /// Counts a request.
    #[inline]
    pub fn record(&self, has_failed: bool) {
        let counts = self.0.get_or_default();
        counts.total.store(counts.total.load(Relaxed) + 1, Relaxed);
        if has_failed {
            counts.failed.store(counts.failed.load(Relaxed) + 1, Relaxed);
        }
    }
}

impl RequestSource for RequestCounts {
    fn requests(&mut self) -> Result<Requests, InputError> {
        let sum = |count: fn(&Counts) -> &AtomicU64| {
            self.0.iter().map(|counts| count(counts).load(Relaxed)).sum::<u64>() as f64
        };
        Ok(Requests::new(sum(|counts| &counts.total), sum(|counts| &counts.failed)))
    }
}
