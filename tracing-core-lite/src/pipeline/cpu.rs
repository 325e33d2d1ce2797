//! Yielding of the CPU by the export thread.
//!
//! If the export thread shares a CPU with the service, a request that arrives while a batch is sent would wait for all
//! of it, because the kernel does not interrupt a thread that has just started to run. The thread therefore yields
//! after each slice that it writes, as long as it keeps up with the load. This lowers the latency of requests on small
//! machines.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;

use super::queue::{Queue, Requests};

thread_local! {
    /// The queue that this thread exports, or exported last.
    static WORK: RefCell<Option<(Arc<Queue>, Requests)>> = const { RefCell::new(None) };
}

/// Lets this thread [yield](offer_cpu) while it exports the spans in `queue`, until there is a newer request than
/// `seen`.
pub(crate) fn begin(queue: &Arc<Queue>, seen: Requests) {
    WORK.set(Some((Arc::clone(queue), seen)));
}

/// Whether this thread exports and has time: the queue is short, and no flush or shutdown is waiting.
pub(crate) fn has_time() -> bool {
    WORK.with_borrow(|work| {
        work.as_ref().is_some_and(|(queue, seen)| {
            let is_asked = seen.closed || seen.deadline.is_some() || queue.has_requests_after(*seen);
            !is_asked && !queue.is_behind()
        })
    })
}

/// Yields to another thread if this one has time.
pub(crate) fn offer_cpu() {
    if has_time() {
        thread::yield_now();
    }
}
