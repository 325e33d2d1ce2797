//! Computes the duration of a trace if a part of it were faster or slower.

use crate::model::Tree;

/// The order in which the work of a trace happens, inferred from its timing.
///
/// A child starts once the sibling that finished last before it has finished, after the work of the parent in between.
/// The parent ends after the child that finished last. This order is inferred, because spans do not record what they waited
/// for.
#[derive(Debug)]
pub struct Schedule<'t, 'a> {
    tree: &'t Tree<'a>,
    main: usize,
    /// Spans that the main span waits for, each after its parent.
    order: Vec<usize>,
    /// Start and end of each span, within its parent. `None` for spans that are not waited for.
    bounds: Vec<Option<(u64, u64)>>,
    siblings: Vec<Siblings>,
}

/// The children of a span that it waits for.
#[derive(Debug, Clone, Default)]
struct Siblings {
    /// By start.
    spans: Vec<usize>,
    /// For each child, the one that finished last before it began, as an index of `spans`.
    before: Vec<Option<usize>>,
    /// The child that finished last.
    last: Option<usize>,
    /// The own work of the parent before each child, and after the last one.
    gaps: Vec<u64>,
}

impl<'t, 'a> Schedule<'t, 'a> {
    /// Infers the order below the span `main`.
    #[must_use]
    pub fn new(tree: &'t Tree<'a>, main: usize) -> Self {
        let (bounds, siblings) = (vec![None; tree.len()], vec![Siblings::default(); tree.len()]);
        let mut schedule = Self { tree, main, order: vec![main], bounds, siblings };
        schedule.bounds[main] = Some(tree.times(main));
        let mut next = 0;
        while next < schedule.order.len() {
            let parent = schedule.order[next];
            schedule.enter(parent);
            next += 1;
        }
        schedule
    }

    fn enter(&mut self, parent: usize) {
        let (from, to) = self.times(parent);
        let mut spans = Vec::new();
        for &child in self.tree.children(parent) {
            let (start, end) = self.tree.times(child);
            let (start, end) = (start.max(from), end.min(to));
            if start < end && self.tree.is_awaited(child) {
                self.bounds[child] = Some((start, end));
                spans.push(child);
            }
        }
        spans.sort_by_key(|&child| self.times(child));
        self.order.extend_from_slice(&spans);
        let mut by_end: Vec<usize> = (0..spans.len()).collect();
        by_end.sort_by_key(|&it| self.times(spans[it]).1);
        let mut siblings = Siblings { last: by_end.last().copied(), ..Siblings::default() };
        for &child in &spans {
            let start = self.times(child).0;
            let finished = by_end.partition_point(|&it| self.times(spans[it]).1 <= start);
            let before = finished.checked_sub(1).map(|it| by_end[it]);
            siblings.gaps.push(start - before.map_or(from, |it| self.times(spans[it]).1));
            siblings.before.push(before);
        }
        siblings.gaps.push(to - siblings.last.map_or(from, |it| self.times(spans[it]).1));
        siblings.spans = spans;
        self.siblings[parent] = siblings;
    }

    fn times(&self, span: usize) -> (u64, u64) {
        self.bounds[span].unwrap_or((0, 0))
    }

    /// Returns the duration of the main span if a service took no time itself, in nanoseconds.
    #[must_use]
    pub fn without(&self, service: &str) -> u64 {
        self.what_if(service, None, u64::MAX)
    }

    /// Returns the duration of the main span if each span of a service (with this name, if one is given) took up to `saved`
    /// nanoseconds less of its own time.
    #[must_use]
    pub fn what_if(&self, service: &str, name: Option<&str>, saved: u64) -> u64 {
        let mut durations = vec![0; self.tree.len()];
        for &span in self.order.iter().rev() {
            let it = self.tree.span(span);
            let is_meant = it.service() == service && name.is_none_or(|name| it.name() == name);
            durations[span] = self.shortened(span, &durations, if is_meant { saved } else { 0 });
        }
        durations[self.main]
    }

    /// Returns the duration of a span with new durations of its children and this much less time of its own.
    fn shortened(&self, span: usize, durations: &[u64], saved: u64) -> u64 {
        let siblings = &self.siblings[span];
        let mut budget = saved;
        let mut shorten = |gap: u64| {
            let cut = gap.min(budget);
            budget -= cut;
            gap - cut
        };
        let mut ends: Vec<u64> = Vec::with_capacity(siblings.spans.len());
        for (index, &child) in siblings.spans.iter().enumerate() {
            let begin = siblings.before[index].map_or(0, |it| ends[it]);
            ends.push(begin + shorten(siblings.gaps[index]) + durations[child]);
        }
        let last = siblings.last.map_or(0, |it| ends[it]);
        last + siblings.gaps.last().map_or(0, |&gap| shorten(gap))
    }

    /// Returns by how many nanoseconds each span may end later before the main span does.
    ///
    /// `None` for spans that the main span does not wait for, and 0 for spans on the critical path.
    #[must_use]
    pub fn slack(&self) -> Vec<Option<u64>> {
        let mut slack = vec![None; self.tree.len()];
        slack[self.main] = Some(0);
        for &parent in &self.order {
            self.slack_of_children(parent, slack[parent].unwrap_or(0), &mut slack);
        }
        slack
    }

    fn slack_of_children(&self, parent: usize, of_parent: u64, slack: &mut [Option<u64>]) {
        let siblings = &self.siblings[parent];
        let spans = &siblings.spans;
        let Some(last) = siblings.last else { return };
        // The latest end that lets all later siblings, from an index on, begin in time.
        let mut latest = vec![self.times(spans[last]).1.saturating_add(of_parent); spans.len() + 1];
        for index in (0..spans.len()).rev() {
            let end = self.times(spans[index]).1;
            let next = spans.partition_point(|&it| self.times(it).0 < end);
            let own = latest[next].saturating_sub(end);
            slack[spans[index]] = Some(own);
            let begins = siblings.before[index].map(|it| self.times(spans[it]).1.saturating_add(own));
            latest[index] = latest[index + 1].min(begins.unwrap_or(u64::MAX));
        }
    }
}
