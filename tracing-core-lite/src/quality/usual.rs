//! Which spans usually have a parent.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The maximum number of kinds of spans that are told apart. Further ones are not judged.
const CAPACITY: usize = 4096;
/// A span is expected to have a parent after this many of its kind had one.
const EXPECTED_AFTER: u32 = 3;

/// Counts the spans with a parent, by what identifies their kind. It keeps hashes only.
#[derive(Debug, Default)]
pub(super) struct Usual {
    hasher: RandomState,
    with_parent: HashMap<u64, u32>,
}

impl Usual {
    /// Counts a span of this kind, and returns whether it lacks a parent although others had one.
    pub(super) fn lacks_parent(&mut self, kind: (&str, &str), has_parent: bool) -> bool {
        let hash = self.hasher.hash_one(kind);
        let has_room = self.with_parent.len() < CAPACITY;
        match self.with_parent.get_mut(&hash) {
            Some(count) if has_parent => *count = count.saturating_add(1),
            Some(count) => return *count >= EXPECTED_AFTER,
            None if has_parent && has_room => {
                self.with_parent.insert(hash, 1);
            }
            None => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_expected_after_three() {
        let mut usual = Usual::default();
        for (has_parent, lacks) in
            [(false, false), (true, false), (true, false), (false, false), (true, false)]
        {
            assert_eq!(usual.lacks_parent(("10.0.0.7", "GET /"), has_parent), lacks);
        }
        assert!(usual.lacks_parent(("10.0.0.7", "GET /"), false));
        assert!(!usual.lacks_parent(("10.0.0.8", "GET /"), false));
        assert!(!usual.lacks_parent(("10.0.0.7", "GET /health"), false));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut usual = Usual::default();
        for peer in 0..3 * CAPACITY {
            usual.lacks_parent((&peer.to_string(), ""), true);
        }
        assert_eq!(usual.with_parent.len(), CAPACITY);
    }
}
