//! New trace and span ids.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::thread::LocalKey;

use opentelemetry::trace::{SpanId, TraceId};

type Generator = Cell<Option<fastrand::Rng>>;

thread_local! {
    /// Two generators of 64 bits, seeded apart: with one alone, the sequences of two threads of a large fleet would meet. Apart from each
    /// other, as the second alone makes span ids.
    static HIGH: Generator = const { Cell::new(None) };
    static LOW: Generator = const { Cell::new(None) };
}

/// 64 bits from the operating system's randomness, by way of the keys of std's hash maps.
fn seed() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[inline]
fn draw(generator: &'static LocalKey<Generator>) -> u64 {
    let fresh = || fastrand::Rng::with_seed(seed());
    let mut rng = generator.try_with(Cell::take).ok().flatten().unwrap_or_else(fresh);
    let drawn = rng.u64(..);
    // Where the thread is going away there is no place to keep the state: the next call seeds anew.
    let _ = generator.try_with(|cell| cell.set(Some(rng)));
    drawn
}

/// A new trace id. All of its bits are random, so the W3C random flag holds.
#[inline]
pub(crate) fn trace_id() -> TraceId {
    TraceId::from((u128::from(draw(&HIGH)) << 64) | u128::from(nonzero()))
}

/// A new span id.
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
