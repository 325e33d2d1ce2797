//! What the connections of a proxy share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing_core_lite::pipeline::view::RequestView;

use super::mode::Mode;
use crate::span_key::SpanKey;

/// What the connections of a proxy share.
#[derive(Debug)]
pub(super) struct State {
    mode: Mutex<Mode>,
    pub(super) backend: u16,
    pub(super) is_stopped: AtomicBool,
    /// Requests that the Collector may have accepted although their sender did not learn it.
    ambiguous: AtomicU64,
    /// Requests that were answered 413. Their sender repeats all parts if one fails.
    split: AtomicU64,
    /// The spans of batches that were refused for good.
    refused: Mutex<HashSet<SpanKey>>,
}

impl State {
    pub(super) fn new(backend: u16) -> Self {
        Self {
            mode: Mutex::new(Mode::Pass),
            backend,
            is_stopped: AtomicBool::new(false),
            ambiguous: AtomicU64::new(0),
            split: AtomicU64::new(0),
            refused: Mutex::default(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    pub(super) fn count_ambiguous(&self) {
        self.ambiguous.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ambiguous(&self) -> u64 {
        self.ambiguous.load(Ordering::Relaxed)
    }

    pub(super) fn count_split(&self) {
        self.split.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn split(&self) -> u64 {
        self.split.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> HashSet<SpanKey> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the spans of a request that is refused for good. Returns their number.
    pub(super) fn refuse(&self, body: &[u8]) -> usize {
        let mut spans = 0;
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let read = RequestView::new(body).each_span(|_, _, span| {
            spans += 1;
            if let Ok(head) = span.head() {
                let trace_id = u128::from_be_bytes(head.trace_id.to_bytes());
                refused.insert(SpanKey { trace_id, span_id: u64::from_be_bytes(head.span_id.to_bytes()) });
            }
        });
        if let Err(error) = read {
            eprintln!("soak: a request cannot be read: {error}");
        }
        spans
    }
}
