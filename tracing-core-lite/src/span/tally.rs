//! Exact counts of the spans that were started and ended, for metrics.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use opentelemetry::trace::SpanContext;

use crate::sampling::Record;

/// Threads share this many sets of counters, so that they rarely write to the same memory.
const STRIPES: usize = 16;

/// The origin of a span's parent, `otel.span.parent.origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParentOrigin {
    None,
    Local,
    Remote,
}

impl ParentOrigin {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Local, Self::Remote];

    #[inline]
    fn of(parent: Option<&SpanContext>) -> Self {
        match parent.filter(|parent| parent.is_valid()) {
            None => Self::None,
            Some(parent) if parent.is_remote() => Self::Remote,
            Some(_) => Self::Local,
        }
    }
}

/// The decisions of samplers, in the order of the counters.
pub(crate) const RECORDS: [Record; 3] = [Record::Drop, Record::RecordOnly, Record::RecordAndSample];

/// The counters of one engine.
#[derive(Debug, Default)]
pub(crate) struct Tally([Stripe; STRIPES]);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    started: [[AtomicU64; ParentOrigin::ALL.len()]; RECORDS.len()],
    ended: [AtomicU64; RECORDS.len()],
    /// Spans that have ended and are not exported.
    unexported: AtomicU64,
}

thread_local! {
    static STRIPE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    if STRIPE.get() == usize::MAX {
        STRIPE.set(NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES);
    }
    STRIPE.get()
}

impl Tally {
    #[inline]
    pub(crate) fn count_started(&self, record: Record, parent: Option<&SpanContext>) {
        let counters = &self.0[stripe()].started[record as usize];
        counters[ParentOrigin::of(parent) as usize].fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn count_ended(&self, record: Record, is_exported: bool) {
        let stripe = &self.0[stripe()];
        stripe.ended[record as usize].fetch_add(1, Ordering::Relaxed);
        if !is_exported {
            stripe.unexported.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of recorded spans that have ended and are not exported.
    pub(crate) fn unexported(&self) -> u64 {
        self.0.iter().map(|stripe| stripe.unexported.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn started(&self, record: Record, origin: ParentOrigin) -> u64 {
        let counter =
            |stripe: &Stripe| stripe.started[record as usize][origin as usize].load(Ordering::Relaxed);
        self.0.iter().map(counter).sum()
    }

    /// Returns the number of recorded spans that have ended.
    fn ended(&self, record: Record) -> u64 {
        self.0.iter().map(|stripe| stripe.ended[record as usize].load(Ordering::Relaxed)).sum()
    }

    /// Returns the number of recorded spans that have not ended.
    pub(crate) fn live(&self, record: Record) -> i64 {
        // Read first: a span that starts and ends in between must not make the difference negative.
        let ended = self.ended(record);
        let started: u64 = ParentOrigin::ALL.iter().map(|origin| self.started(record, *origin)).sum();
        i64::try_from(started.saturating_sub(ended)).unwrap_or(i64::MAX)
    }
}
