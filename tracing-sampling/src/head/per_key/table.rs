//! The keys, their counts and their thresholds.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tracing_core_lite::sampling::consistent::Threshold;

use super::share::{Share, share};
use crate::head::composable::threshold_of;

/// Significant hex digits of a threshold, for a short tracestate.
const PRECISION: u8 = 4;

/// A key is removed when its average, in traces per interval, falls below this value.
const FORGET: f64 = 0.5;

/// The weight of the latest interval in the average.
const WEIGHT: f64 = 0.5;

/// The state of one key.
#[derive(Debug, Default)]
pub(super) struct Key {
    /// Arrivals in this interval.
    count: AtomicU64,
    threshold: AtomicU64,
    /// The average number of arrivals in an interval of normal length, as the bits of an `f64`.
    average: AtomicU64,
}

impl Key {
    pub(super) fn new(threshold: Threshold) -> Self {
        Self { threshold: AtomicU64::new(threshold.get()), ..Self::default() }
    }

    /// Counts an arrival, and returns the threshold for it.
    #[inline]
    pub(super) fn next(&self) -> Threshold {
        self.count.fetch_add(1, Relaxed);
        Threshold::from_bits(self.threshold.load(Relaxed))
    }

    fn average(&self) -> f64 {
        f64::from_bits(self.average.load(Relaxed))
    }

    fn apply(&self, share: Share) {
        self.average.store(share.average.to_bits(), Relaxed);
        self.threshold.store(threshold_of(share.probability).rounded(PRECISION).get(), Relaxed);
    }
}

/// All keys. A table is replaced when keys are added or removed; the keys themselves are shared.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    keys: HashMap<Box<str>, Arc<Key>>,
    /// The key of all values beyond the limit.
    others: Arc<Key>,
}

impl Table {
    pub(super) fn new(first: Threshold) -> Self {
        Self { keys: HashMap::new(), others: Arc::new(Key::new(first)) }
    }

    #[inline]
    pub(super) fn find(&self, key: &str) -> Option<&Key> {
        self.keys.get(key).map(|key| &**key)
    }

    pub(super) fn others(&self) -> &Key {
        &self.others
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns a table with one more key.
    pub(super) fn with(&self, name: &str, key: Key) -> Self {
        let mut table = self.clone();
        table.keys.entry(name.into()).or_insert_with(|| Arc::new(key));
        table
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        self.keys.values().chain([&self.others]).map(|key| &**key)
    }

    /// Sets the threshold of the keys that have no average yet.
    pub(super) fn set_first(&self, first: Threshold) {
        let new = self.all().filter(|key| key.average() == 0.0);
        new.for_each(|key| key.threshold.store(first.get(), Relaxed));
    }

    /// Multiplies all averages, and divides the goal again.
    pub(super) fn scale(&self, factor: f64, goal: f64) {
        self.all().for_each(|key| {
            key.count.store(0, Relaxed);
        });
        self.share(goal, |key| key.average() * factor);
    }

    /// Ends an interval of `seconds`, where `usual` is the normal length. Returns a smaller table if keys are removed.
    pub(super) fn end_interval(&self, seconds: f64, usual: f64, replaces: bool, goal: f64) -> Option<Self> {
        // An empty interval gives no information about the shares of the keys.
        if self.all().all(|key| key.count.load(Relaxed) == 0) {
            return None;
        }
        self.share(goal, |key| {
            let latest = key.count.swap(0, Relaxed) as f64 * usual / seconds;
            let weight = if replaces { 1.0 } else { WEIGHT };
            weight * latest + (1.0 - weight) * key.average()
        });
        let is_forgotten = |key: &Key| key.average() < FORGET && !replaces;
        if !self.keys.values().any(|key| is_forgotten(key)) {
            return None;
        }
        let mut table = self.clone();
        table.keys.retain(|_, key| !is_forgotten(key));
        Some(table)
    }

    fn share(&self, goal: f64, average: impl Fn(&Key) -> f64) {
        let mut shares: Vec<_> =
            self.all().map(|key| Share { average: average(key), probability: 1.0 }).collect();
        share(&mut shares, goal);
        self.all().zip(shares).for_each(|(key, share)| key.apply(share));
    }
}
