//! New trace and span ids.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::thread::LocalKey;
use std::time::SystemTime;

use opentelemetry::trace::{SpanId, TraceId};

use crate::fork;

type Generator = Cell<Option<fastrand::Rng>>;

thread_local! {
    /// Two generators of 64 bits with seeds of their own. With one alone, the sequences of two threads of a large fleet
    /// would meet.
    static HIGH: Generator = const { Cell::new(None) };
    static LOW: Generator = const { Cell::new(None) };
}

#[cold]
fn fresh() -> fastrand::Rng {
    // A forked child starts with copies of its parent's generators.
    fork::watch_with(forget_generators);
    fastrand::Rng::with_seed(seed())
}

fn forget_generators() {
    for generator in [&HIGH, &LOW] {
        // A thread that is ending has none.
        let _ = generator.try_with(|generator| generator.set(None));
    }
}

/// Returns 64 bits from the operating system's randomness, by way of the keys of std's hash maps.
///
/// A forked child has the same keys as its parent, so the process and the time are mixed in.
fn seed() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.write_u64(fork::generation());
    if let Ok(time) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        hasher.write_u128(time.as_nanos());
    }
    hasher.finish()
}

#[inline]
fn draw(generator: &'static LocalKey<Generator>) -> u64 {
    let mut rng = generator.try_with(Cell::take).ok().flatten().unwrap_or_else(fresh);
    let drawn = rng.u64(..);
    // A thread that is ending cannot keep the state: its next call seeds anew.
    let _ = generator.try_with(|cell| cell.set(Some(rng)));
    drawn
}

/// Seeds the ids of this thread.
#[cfg(feature = "testing")]
pub(crate) fn seed_thread(seed: u64) {
    HIGH.set(Some(fastrand::Rng::with_seed(!seed)));
    LOW.set(Some(fastrand::Rng::with_seed(seed)));
}

/// Returns a new trace id. All of its bits are random, as the random flag of W3C Trace Context Level 2 promises.
#[inline]
pub(crate) fn trace_id() -> TraceId {
    TraceId::from((u128::from(draw(&HIGH)) << 64) | u128::from(nonzero()))
}

/// Returns a new span id.
#[inline]
pub(crate) fn span_id() -> SpanId {
    SpanId::from(nonzero())
}

#[inline]
fn nonzero() -> u64 {
    loop {
        let drawn = draw(&LOW);
        if drawn != 0 {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_valid_and_differ_across_threads() {
        let threads: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(|| (0..1000).map(|_| (trace_id(), span_id())).collect::<Vec<_>>()))
            .collect();
        let mut traces = HashSet::new();
        let mut spans = HashSet::new();
        for thread in threads {
            for (trace, span) in thread.join().unwrap() {
                assert!(trace != TraceId::INVALID && span != SpanId::INVALID);
                traces.insert(trace);
                spans.insert(span);
            }
        }
        assert_eq!((traces.len(), spans.len()), (8000, 8000));
    }
}
