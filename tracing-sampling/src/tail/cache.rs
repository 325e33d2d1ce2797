//! Earlier decisions, which late spans follow.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};

use super::plan::NewThreshold;

/// The policy and threshold for late spans of a kept trace.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) policy: Option<Arc<str>>,
    pub(super) threshold: Option<NewThreshold>,
}

/// The most recently kept traces.
#[derive(Debug, Default)]
pub(super) struct KeptTraces {
    traces: HashMap<u128, Kept>,
    order: VecDeque<u128>,
    limit: usize,
}

impl KeptTraces {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        while self.order.len() > limit {
            self.remove_oldest();
        }
    }

    #[inline]
    pub(super) fn get(&self, trace: u128) -> Option<&Kept> {
        if self.traces.is_empty() { None } else { self.traces.get(&trace) }
    }

    pub(super) fn insert(&mut self, trace: u128, kept: Kept) {
        if self.limit == 0 {
            return;
        }
        if self.order.len() == self.limit {
            self.remove_oldest();
        }
        if self.traces.insert(trace, kept).is_none() {
            self.order.push_back(trace);
        }
    }

    pub(super) fn remove(&mut self, trace: u128) {
        if self.traces.remove(&trace).is_some()
            && let Some(at) = self.order.iter().position(|known| *known == trace)
        {
            // Traces are mostly removed in the order in which they were added, so this is near the front.
            self.order.remove(at);
        }
    }

    fn remove_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.traces.remove(&oldest);
        }
    }
}

/// What was dropped most recently: 64-bit fingerprints with a random key, in two generations.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    hasher: RandomState,
    current: HashSet<u64>,
    previous: HashSet<u64>,
    limit: usize,
}

impl Dropped {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// `span` is 0 for a whole trace.
    #[inline]
    pub(super) fn contains(&self, trace: u128, span: u64) -> bool {
        if self.current.is_empty() && self.previous.is_empty() {
            return false;
        }
        let fingerprint = self.hasher.hash_one((trace, span));
        self.current.contains(&fingerprint) || self.previous.contains(&fingerprint)
    }

    pub(super) fn insert(&mut self, trace: u128, span: u64) {
        if self.limit == 0 {
            return;
        }
        if self.current.len() >= self.limit.div_ceil(2) {
            std::mem::swap(&mut self.current, &mut self.previous);
            self.current.clear();
        }
        self.current.insert(self.hasher.hash_one((trace, span)));
    }

    pub(super) fn remove(&mut self, trace: u128, span: u64) {
        let fingerprint = self.hasher.hash_one((trace, span));
        self.current.remove(&fingerprint);
        self.previous.remove(&fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered() {
        let mut kept = KeptTraces::new(3);
        let mut dropped = Dropped::new(6);
        for trace in 0..10 {
            kept.insert(trace, Kept { policy: None, threshold: None });
            dropped.insert(trace, 0);
        }
        let known: Vec<_> = (0..10).filter(|trace| kept.get(*trace).is_some()).collect();
        assert_eq!(known, [7, 8, 9]);
        assert!((7..10).all(|trace| dropped.contains(trace, 0)));
        assert!(!dropped.contains(0, 0) && !dropped.contains(9, 1));
        assert!(dropped.current.len() + dropped.previous.len() <= 6);
        kept.remove(8);
        dropped.remove(8, 0);
        let known: Vec<_> = (0..10).filter(|trace| kept.get(*trace).is_some()).collect();
        assert_eq!((known, kept.order.len(), dropped.contains(8, 0)), (vec![7, 9], 2, false));
    }
}
