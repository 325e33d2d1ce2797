//! Results of disjoint sets of traces that can be merged.

use std::collections::BTreeMap;

/// A result over a set of traces that can be merged with the result over another set.
///
/// When no trace is split, `f(A)` merged with `f(B)` equals `f(A ∪ B)`.
pub trait Merge {
    /// Adds the data of `other`.
    fn merge_from(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge_from(&mut self, other: Self) {
        *self += other;
    }
}

impl<A: Merge, B: Merge> Merge for (A, B) {
    fn merge_from(&mut self, other: Self) {
        self.0.merge_from(other.0);
        self.1.merge_from(other.1);
    }
}

impl<K: Ord, V: Merge> Merge for BTreeMap<K, V> {
    fn merge_from(&mut self, other: Self) {
        for (key, value) in other {
            match self.get_mut(&key) {
                Some(own) => own.merge_from(value),
                None => {
                    self.insert(key, value);
                }
            }
        }
    }
}

/// Returns the entry of `key`, which is added if it is new. Allocates only then.
pub(crate) fn entry<'m, V: Default>(map: &'m mut BTreeMap<String, V>, key: &str) -> &'m mut V {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), V::default());
    }
    // The borrow checker does not accept an early return of what `get_mut` finds.
    map.get_mut(key).unwrap_or_else(|| unreachable!("the key was just added"))
}
