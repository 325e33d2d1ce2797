//! Chains of services: the one that dominates a critical path, and the one beside it.

use crate::model::Tree;

/// The spans from the main one down, each the child in or below which the critical path spends most time, as long as that is
/// at least half of the time of its parent. `own` is the time of each span on the path.
pub(super) fn dominant(tree: &Tree<'_>, main: usize, own: Vec<u64>) -> Vec<usize> {
    let mut inclusive = own;
    // Process children before their parents.
    for span in tree.top_down().into_iter().rev().filter(|&it| it != main) {
        if let Some(parent) = tree.parent_index(span) {
            inclusive[parent] += inclusive[span];
        }
    }
    descend(tree, main, |span| inclusive[span])
}

/// Returns the chain that would take over if the calls of the dominant chain were faster: it leaves that chain at the first
/// call beside which another call ran. Of several, the one that ended last counts. `None` if no calls overlap.
pub(super) fn alternative(tree: &Tree<'_>, dominant: &[usize]) -> Option<Vec<usize>> {
    for (depth, pair) in dominant.windows(2).enumerate() {
        let (start, end) = tree.times(pair[1]);
        let overlaps = |&it: &usize| {
            let (from, to) = tree.times(it);
            it != pair[1] && from < end && to > start && tree.is_awaited(it)
        };
        let beside = tree.children(pair[0]).iter().copied().filter(overlaps);
        if let Some(other) = beside.max_by_key(|&it| tree.times(it).1) {
            let below =
                descend(tree, other, |span| if tree.is_awaited(span) { tree.duration(span) } else { 0 });
            return Some(dominant[..=depth].iter().copied().chain(below).collect());
        }
    }
    None
}

/// Follows the child with the most time, as long as that is at least half of its parent's.
fn descend(tree: &Tree<'_>, from: usize, time: impl Fn(usize) -> u64) -> Vec<usize> {
    let (mut chain, mut span) = (vec![from], from);
    while let Some(&next) = tree.children(span).iter().max_by_key(|&&child| time(child)) {
        if time(next) == 0 || time(next).saturating_mul(2) < time(span) {
            break;
        }
        chain.push(next);
        span = next;
    }
    chain
}

/// Returns the services of these spans, each once in a row.
pub(super) fn services(tree: &Tree<'_>, spans: &[usize]) -> Vec<String> {
    let mut services: Vec<String> = spans.iter().map(|&span| tree.span(span).service().to_owned()).collect();
    services.dedup();
    services
}
