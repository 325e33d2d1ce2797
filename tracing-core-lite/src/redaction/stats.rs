//! Counts of redacted values.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::detector::Detector;

/// The maximum number of keys that are counted separately. Others are counted under [`OTHER_KEYS`].
const MAX_KEYS: usize = 200;

/// The maximum length of a key in the counts, in bytes.
const MAX_KEY_LEN: usize = 128;

/// The name under which further keys are counted.
const OTHER_KEYS: &str = "other";

/// The numbers of redacted values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedactionStats {
    /// By the detector that found them.
    pub by_detector: BTreeMap<Detector, u64>,
    /// By the key of the attribute, without its secrets, or by the field: `name`, `status.message`. After 200 keys, further ones are counted as
    /// `other`.
    pub by_key: BTreeMap<String, u64>,
}

impl RedactionStats {
    /// Returns the number of all redacted values.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_detector.values().sum()
    }

    pub(super) fn add(&mut self, key: &str, detector: Detector, count: u64) {
        *self.by_detector.entry(detector).or_default() += count;
        let key = shortened(key);
        let known = self.by_key.contains_key(key) || self.by_key.len() < MAX_KEYS;
        *self.by_key.entry(if known { key } else { OTHER_KEYS }.to_owned()).or_default() += count;
    }
}

/// The start of a key, in whole characters.
fn shortened(key: &str) -> &str {
    let mut end = MAX_KEY_LEN.min(key.len());
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    &key[..end]
}

/// Shared counts. Only the export thread adds to them.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<RedactionStats>);

impl Counts {
    pub(super) fn add(&self, found: &[(String, Detector)]) {
        let mut stats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, detector) in found {
            stats.add(key, *detector, 1);
        }
    }

    pub(super) fn snapshot(&self) -> RedactionStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
