//! Runs an analysis over all traces of a set.

use std::num::NonZeroUsize;
use std::thread;

use super::merge::Merge;
use super::skew::Times;
use crate::model::{SpanSet, Tree};

/// The number of traces below which one thread is faster.
const FEW: usize = 256;

/// Calls `add` for each trace, in several threads if there are many, and returns the merged result.
pub(crate) fn fold<T, F>(set: &SpanSet, times: Times, empty: impl Fn() -> T + Sync, add: F) -> T
where
    T: Merge + Send,
    F: Fn(&mut T, &Tree<'_>) + Sync,
{
    let threads = if set.trace_count() < FEW {
        1
    } else {
        thread::available_parallelism().map_or(1, NonZeroUsize::get)
    };
    let each = &|from: usize, to: usize| {
        let mut result = empty();
        for &group in &set.groups[from..to] {
            add(&mut result, &times.tree(set.trace_of(group)));
        }
        result
    };
    if threads == 1 {
        return each(0, set.trace_count());
    }
    let size = set.trace_count().div_ceil(threads);
    thread::scope(|scope| {
        let bounds = (0..threads).map(|it| (it * size, ((it + 1) * size).min(set.trace_count())));
        let running: Vec<_> = bounds
            .filter(|(from, to)| from < to)
            .map(|(from, to)| scope.spawn(move || each(from, to)))
            .collect();
        let mut results =
            running.into_iter().map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        let mut all = results.next().unwrap_or_else(&empty);
        for result in results {
            all.merge_from(result);
        }
        all
    })
}
