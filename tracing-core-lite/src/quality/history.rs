//! The spans that have ended recently.

use std::collections::{HashMap, VecDeque};

use opentelemetry::trace::{SpanId, TraceId};

/// The number of spans that are kept.
const CAPACITY: usize = 16 * 1024;
/// The maximum number of ancestors that are followed.
const DEPTH: usize = 64;

/// The times of an ended span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// The parent in this process, or [`SpanId::INVALID`] for a local root.
    pub(super) parent: SpanId,
    /// Nanoseconds since the Unix epoch.
    pub(super) end: u64,
}

type Key = (TraceId, SpanId);

/// The spans that have ended recently, by their ids.
#[derive(Debug, Default)]
pub(super) struct History {
    spans: HashMap<Key, Ended>,
    order: VecDeque<Key>,
}

impl History {
    /// Adds a span, in place of the oldest one if there are too many.
    pub(super) fn add(&mut self, key: Key, span: Ended) {
        if self.spans.insert(key, span).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > CAPACITY {
            if let Some(oldest) = self.order.pop_front() {
                self.spans.remove(&oldest);
            }
        }
    }

    /// Returns a span that is still kept.
    pub(super) fn get(&self, key: Key) -> Option<Ended> {
        self.spans.get(&key).copied()
    }

    /// Returns the end of the local root above `span`, if all spans between them have ended.
    pub(super) fn root_end(&self, trace_id: TraceId, mut span: Ended) -> Option<u64> {
        for _ in 0..DEPTH {
            if span.parent == SpanId::INVALID {
                return Some(span.end);
            }
            span = self.get((trace_id, span.parent))?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_spans_are_forgotten() {
        let mut history = History::default();
        let key = |number: u64| (TraceId::from(1), SpanId::from(number));
        let span = Ended { parent: SpanId::INVALID, end: 1 };
        for number in 0..2 * CAPACITY as u64 {
            history.add(key(number + 1), span);
            history.add(key(number + 1), span);
        }
        assert_eq!((history.spans.len(), history.order.len()), (CAPACITY, CAPACITY));
        assert!(history.get(key(1)).is_none());
        assert!(history.get(key(2 * CAPACITY as u64)).is_some());
    }

    #[test]
    fn a_cycle_of_parents_ends() {
        let mut history = History::default();
        let (trace, id) = (TraceId::from(1), SpanId::from(7));
        let span = Ended { parent: id, end: 1 };
        history.add((trace, id), span);
        assert_eq!(history.root_end(trace, span), None);
    }
}
