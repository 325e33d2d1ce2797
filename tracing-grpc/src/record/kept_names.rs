//! Methods that answered UNIMPLEMENTED with a message, and keep their names.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Most names that one layer keeps. A user's own fallback may send a message for any name.
const MOST_NAMES: usize = 200;

/// The names of each layer. Calls refer to their layer by a number, because counting references to a shared list would
/// write to one place from every thread with every call.
static NAMES: LazyLock<Mutex<HashMap<u64, HashSet<Box<str>>>>> = LazyLock::new(Mutex::default);

/// The number of a layer. Its names are forgotten when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct LayerNumber(Arc<Number>);

#[derive(Debug)]
struct Number(u64);

impl LayerNumber {
    /// Returns a number that no other layer has.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(Arc::new(Number(NEXT.fetch_add(1, Ordering::Relaxed))))
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.0
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        NAMES.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Returns whether the layer keeps `name`, which it does for the first [`MOST_NAMES`] names.
#[cold]
pub(super) fn keeps(layer: u64, name: &str) -> bool {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.entry(layer).or_default();
    if names.contains(name) {
        return true;
    }
    let has_room = names.len() < MOST_NAMES;
    if has_room {
        names.insert(name.into());
    }
    has_room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_keeps_its_first_names_until_it_is_dropped() {
        let (layer, other) = (LayerNumber::next(), LayerNumber::next());
        for _ in 0..2 {
            for number in 0..MOST_NAMES {
                assert!(keeps(layer.get(), &format!("a.B/C{number}")));
            }
            assert!(!keeps(layer.get(), "a.B/Other"));
        }
        assert!(keeps(other.get(), "a.B/Other"));
        let number = layer.get();
        drop(layer);
        assert!(!NAMES.lock().unwrap().contains_key(&number));
    }
}
