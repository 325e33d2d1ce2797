//! Decides about traces.

use super::pending::Pending;
use super::state::{BUDGET_INTERVAL, Shard};
use super::units::{Belongs, Spans};
use crate::tail::cache::Kept;
use crate::tail::facts::Facts;
use crate::tail::plan::{Candidate, Verdict};
use crate::tail::settings::Unit;
use crate::tail::settled::TraceDecision;
use tracing_core_lite::pipeline::view::SpanView;

/// The maximum number of traces that are decided together if they share no budget.
const AT_ONCE: usize = 256;

/// A trace that is due, and why.
#[derive(Debug, Clone, Copy)]
struct Due {
    slot: u32,
    /// Whether everything is decided, including units whose root has not ended.
    all: bool,
}

/// A trace or unit to decide about.
struct Judged {
    slot: u32,
    trace: u128,
    facts: Facts,
}

/// The units of a trace to decide about, and its spans if they were read.
struct Opened {
    due: Due,
    spans: Option<Spans>,
    /// The units of this trace.
    from: usize,
    to: usize,
}

impl Shard {
    /// Decides all traces that are due. Returns when to call again.
    pub(in crate::tail) fn poll(&mut self, now: u64) -> Option<u64> {
        let has_budget = self.plan.has_budget();
        if !has_budget || now >= self.next_budget {
            if has_budget {
                // At whole seconds, so that the same spans are decided together whenever this began.
                self.next_budget = (now / BUDGET_INTERVAL + 1) * BUDGET_INTERVAL;
            }
            loop {
                let due = self.due(now, if has_budget { usize::MAX } else { AT_ONCE });
                if due.is_empty() {
                    break;
                }
                self.decide(&due, now);
            }
            self.trim();
        }
        let next = self.next_deadline()?;
        Some(if has_budget { next.max(self.next_budget) } else { next })
    }

    /// Decides every pending trace.
    pub(in crate::tail) fn decide_all(&mut self, now: u64) {
        let all =
            self.by_arrival.iter(&self.slots).map(|(slot, _)| Due { slot, all: true }).collect::<Vec<_>>();
        self.decide(&all, now);
        self.trim();
    }

    /// Decides every pending trace, or drops it if the settings say so.
    pub(in crate::tail) fn finish(&mut self, now: u64) {
        if !self.settings.drop_pending_traces_on_shutdown {
            return self.decide_all(now);
        }
        let all: Vec<u32> = self.by_arrival.iter(&self.slots).map(|(slot, _)| slot).collect();
        all.into_iter().for_each(|slot| self.drop_trace(slot));
    }

    /// Drops a trace that no policy has judged.
    fn drop_trace(&mut self, slot: u32) {
        let (judged, opened) = self.open(&[Due { slot, all: true }]);
        let drop = Verdict { kept: false, by: None, threshold: None };
        self.apply(&judged, &vec![drop; judged.len()], opened);
    }

    /// Decides the traces whose root has ended.
    pub(in crate::tail) fn decide_rooted(&mut self, now: u64) {
        let rooted =
            self.by_root.iter(&self.slots).map(|(slot, _)| Due { slot, all: false }).collect::<Vec<_>>();
        self.decide(&rooted, now);
    }

    fn waits(&self) -> (Option<u64>, u64) {
        let nanos = |wait: std::time::Duration| u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX / 2);
        (self.settings.decision_wait_after_root_received.map(nanos), nanos(self.settings.decision_wait))
    }

    fn next_deadline(&self) -> Option<u64> {
        let (after_root, wait) = self.waits();
        let oldest = self.by_arrival.iter(&self.slots).next().map(|(_, it)| it.arrived.saturating_add(wait));
        let rooted = self.by_root.iter(&self.slots).next().and_then(|(_, it)| it.rooted);
        let rooted = after_root.and_then(|after| Some(rooted?.saturating_add(after)));
        match (oldest, rooted) {
            (Some(oldest), Some(rooted)) => Some(oldest.min(rooted)),
            (oldest, rooted) => oldest.or(rooted),
        }
    }

    fn due(&self, now: u64, most: usize) -> Vec<Due> {
        let (after_root, wait) = self.waits();
        let timed_out = |it: &Pending| it.arrived.saturating_add(wait) <= now;
        let mut due: Vec<Due> = self
            .by_arrival
            .iter(&self.slots)
            .take_while(|(_, it)| timed_out(it))
            .take(most)
            .map(|(slot, _)| Due { slot, all: true })
            .collect();
        if let Some(after) = after_root {
            let ended = |it: &Pending| it.rooted.is_some_and(|at| at.saturating_add(after) <= now);
            due.extend(
                self.by_root
                    .iter(&self.slots)
                    .take_while(|(_, it)| ended(it))
                    .filter(|(_, it)| !timed_out(it))
                    .take(most - due.len().min(most))
                    .map(|(slot, _)| Due { slot, all: false }),
            );
        }
        due
    }

    /// Decides a trace that exceeds the size limit.
    pub(super) fn decide_oversized(&mut self, slot: u32, now: u64) {
        self.counts.lock().oversized_traces += 1;
        let maximum = self.settings.maximum_trace_size_bytes;
        let is_dropped =
            self.slots.get(slot as usize).is_some_and(|it| maximum > 0 && it.facts.size_of_parts() > maximum);
        if is_dropped {
            self.drop_trace(slot);
        } else {
            self.decide(&[Due { slot, all: true }], now);
        }
    }

    pub(super) fn exceeds_bounds(&self) -> bool {
        let (bytes, traces) = (self.share(self.settings.max_bytes), self.share(self.settings.num_traces));
        let counts_traces = traces > 0 && !self.settings.block_on_overflow;
        self.pending_bytes() > bytes || (counts_traces && self.slots.len() > traces)
    }

    /// Returns whether spans have to wait until traces are decided.
    pub(in crate::tail) fn is_full(&self) -> bool {
        let traces = self.share(self.settings.num_traces).max(1);
        self.settings.block_on_overflow && self.settings.num_traces > 0 && self.slots.len() >= traces
    }

    /// Decides the oldest traces early while there are too many traces or bytes. Traces that share a budget are decided in
    /// large groups, because the budget is spent by randomness within a group.
    pub(super) fn enforce_bounds(&mut self, now: u64) {
        let at_once = if self.plan.has_budget() { self.slots.len().div_ceil(4) } else { 1 };
        let mut evicted = 0;
        while self.exceeds_bounds() && self.by_arrival.first().is_some() {
            let oldest = self.by_arrival.iter(&self.slots).take(at_once);
            let due = oldest.map(|(slot, _)| Due { slot, all: true }).collect::<Vec<_>>();
            evicted += due.len() as u64;
            self.decide(&due, now);
        }
        if evicted > 0 {
            self.counts.lock().evicted_traces += evicted;
        }
    }

    fn decide(&mut self, due: &[Due], now: u64) {
        let (judged, opened) = self.open(due);
        let candidates: Vec<_> =
            judged.iter().map(|it| Candidate { trace: it.trace, facts: &it.facts }).collect();
        let mut matched = vec![(0, 0); self.plan.names.len()];
        let verdicts = self.plan.decide(&candidates, now, |policy, candidate| {
            matched[policy].0 += candidate.facts.spans;
            matched[policy].1 += 1;
        });
        {
            let mut counts = self.counts.lock();
            for (policy, (spans, traces)) in counts.policies.iter_mut().zip(matched) {
                policy.matched.add(spans, traces);
            }
        }
        self.apply(&judged, &verdicts, opened);
    }

    /// Returns the traces and units to decide about. The spans of many traces are not copied at the same time.
    fn open(&mut self, due: &[Due]) -> (Vec<Judged>, Vec<Opened>) {
        let holds_copies = due.len() <= AT_ONCE;
        let (mut judged, mut opened) = (Vec::with_capacity(due.len()), Vec::with_capacity(due.len()));
        for &due in due {
            let Some(pending) = self.slots.get(due.slot as usize) else { continue };
            let from = judged.len();
            let mut spans = None;
            let is_whole = self.settings.unit == Unit::Trace
                || (pending.facts.spans == 1 && pending.rooted.is_some() && !pending.has_dropped_units);
            if is_whole {
                judged.push(Judged { slot: due.slot, trace: pending.trace, facts: pending.facts.clone() });
            } else {
                let mut read = self.read_spans(pending);
                self.divide(pending.trace, &mut read, pending.has_dropped_units, due.all);
                let is_one = read.units == 1 && read.list.iter().all(|span| span.unit == Belongs::To(0));
                if is_one {
                    judged.push(Judged {
                        slot: due.slot,
                        trace: pending.trace,
                        facts: pending.facts.clone(),
                    });
                    spans = (holds_copies || !read.missing.is_empty()).then_some(read);
                } else {
                    let facts = self.facts_of(pending, &read);
                    judged.extend(facts.into_iter().map(|facts| Judged {
                        slot: due.slot,
                        trace: pending.trace,
                        facts,
                    }));
                    spans = Some(read);
                }
            }
            opened.push(Opened { due, spans, from, to: judged.len() });
        }
        debug_assert!(
            judged.windows(2).all(|pair| pair[0].slot == pair[1].slot || pair[0].trace != pair[1].trace)
        );
        (judged, opened)
    }

    /// Returns the facts about each unit.
    fn facts_of(&self, pending: &Pending, spans: &Spans) -> Vec<Facts> {
        let mut facts = vec![Facts::default(); spans.units];
        for stored in &spans.list {
            let Belongs::To(unit) = stored.unit else { continue };
            let span = SpanView::new(&spans.bytes[stored.from..stored.to]);
            let number = pending.heads.get(stored.head).copied().unwrap_or_default();
            if let (Ok(head), Some(scope)) = (span.head(), self.heads.get(number)) {
                let from = scope.origin(self.part, number);
                self.plan.observe(&mut facts[unit], &head, &span, scope.matched, from);
            }
        }
        facts
    }

    fn apply(&mut self, judged: &[Judged], verdicts: &[Verdict], opened: Vec<Opened>) {
        for Opened { due, spans, from, to } in opened {
            let verdicts = &verdicts[from..to];
            match verdicts.iter().find(|verdict| verdict.kept) {
                Some(verdict) => self.keep(due.slot, verdict, spans),
                None => self.drop_units(due, &judged[from..to], verdicts, spans),
            }
        }
        self.counts.lock().pending_bytes = self.pending_bytes() as u64;
    }

    /// Keeps a whole trace, except for spans of units that were dropped before.
    fn keep(&mut self, slot: u32, verdict: &Verdict, spans: Option<Spans>) {
        let Some(pending) = self.take(slot) else { return };
        let mut spans = spans.unwrap_or_else(|| self.read_spans(&pending));
        let policy = verdict.by.and_then(|by| self.plan.names.get(by).cloned());
        let kept = Kept { policy, threshold: verdict.threshold };
        // Cached first, so that spans that arrive later follow the decision.
        self.kept.insert(pending.trace, kept.clone());
        if let Some(log) = &mut self.log {
            log.push(TraceDecision::of_kept(pending.trace, &kept));
        }
        spans.list.retain(|span| span.unit != Belongs::ToDropped);
        let late = pending.facts.spans - spans.list.len() as u64;
        let duplicates = if self.settings.deduplicate { remove_duplicates(&mut spans) } else { 0 };
        let count = spans.list.len() as u64;
        let dropped = late + duplicates;
        self.emit(&spans, &pending.heads, &kept);
        self.free(pending);
        let mut counts = self.counts.lock();
        counts.pending.spans -= count + dropped;
        counts.pending.traces -= 1;
        counts.kept.add(count, 1);
        counts.dropped.spans += dropped;
        counts.late_dropped_spans += late;
        counts.duplicate_spans += duplicates;
        if let Some(policy) = verdict.by.and_then(|by| counts.policies.get_mut(by)) {
            policy.kept.add(count, 1);
        }
    }

    /// Drops the decided units of a trace. The rest stays pending.
    fn drop_units(&mut self, due: Due, judged: &[Judged], verdicts: &[Verdict], spans: Option<Spans>) {
        let Some(trace) = self.slots.get(due.slot as usize).map(|pending| pending.trace) else { return };
        self.dropped.insert(trace, 0);
        if let Some(log) = &mut self.log {
            log.push(TraceDecision::of_dropped(trace));
        }
        let mut left = 0;
        if self.settings.unit == Unit::LocalRoot {
            let spans = spans.or_else(|| Some(self.read_spans(self.slots.get(due.slot as usize)?)));
            let spans = spans.unwrap_or_default();
            for span in spans.list.iter().filter(|span| span.unit != Belongs::ToOpen) {
                self.dropped.insert(trace, span.id);
            }
            for &missing in &spans.missing {
                self.dropped.insert(trace, missing);
            }
            left = spans.list.iter().filter(|span| span.unit == Belongs::ToOpen).count() as u64;
            if left > 0 {
                self.count_drops(due.slot, left, judged, verdicts);
                self.keep_pending(due.slot, &spans);
                return;
            }
        }
        self.count_drops(due.slot, left, judged, verdicts);
        if let Some(pending) = self.take(due.slot) {
            self.free(pending);
        }
    }

    /// Counts the dropped part of a trace of which `left` spans remain.
    fn count_drops(&self, slot: u32, left: u64, judged: &[Judged], verdicts: &[Verdict]) {
        let Some(pending) = self.slots.get(slot as usize) else { return };
        let spans = pending.facts.spans - left;
        let mut counts = self.counts.lock();
        counts.pending.spans -= spans;
        counts.dropped.add(spans, 1);
        match left {
            0 => counts.pending.traces -= 1,
            // From here on, the rest is counted as a trace of its own.
            _ => counts.received.traces += 1,
        }
        for (judged, verdict) in judged.iter().zip(verdicts) {
            if let Some(policy) = verdict.by.and_then(|by| counts.policies.get_mut(by)) {
                policy.dropped.add(judged.facts.spans, 1);
            }
        }
    }

    /// Leaves only the spans of open units in a trace.
    fn keep_pending(&mut self, slot: u32, spans: &Spans) {
        self.clear(slot, true);
        let Some(heads) = self.slots.get(slot as usize).map(|pending| pending.heads.clone()) else { return };
        let open = spans.list.iter().filter(|span| span.unit == Belongs::ToOpen);
        self.refill(slot, spans, open, &heads);
    }

    /// Reads a trace again, because the policies have changed.
    pub(super) fn observe_again(&mut self, slot: u32) {
        let Some(pending) = self.slots.get(slot as usize) else { return };
        let (spans, heads) = (self.read_spans(pending), pending.heads.clone());
        self.clear(slot, false);
        self.refill(slot, &spans, spans.list.iter(), &heads);
    }

    fn clear(&mut self, slot: u32, has_dropped_units: bool) {
        if self.slots.get(slot as usize).is_some_and(|it| has_dropped_units && it.rooted.is_some()) {
            self.by_root.remove(&mut self.slots, slot);
        }
        let Some(pending) = self.slots.get_mut(slot as usize) else { return };
        self.held -= pending.held();
        self.blocks.free(&mut pending.chain);
        pending.facts = Facts::default();
        if has_dropped_units {
            pending.has_dropped_units = true;
            pending.rooted = None;
        }
        self.held += pending.held();
    }

    /// Appends spans to a trace that was cleared. Their scopes stay referenced by the trace.
    fn refill<'s>(
        &mut self,
        slot: u32,
        spans: &Spans,
        kept: impl Iterator<Item = &'s super::units::Stored>,
        heads: &[u32],
    ) {
        for stored in kept {
            let span = SpanView::new(&spans.bytes[stored.from..stored.to]);
            if let (Ok(head), Some(number)) = (span.head(), heads.get(stored.head)) {
                self.append(slot, &head, span, *number);
            }
        }
    }

    /// Removes a trace from the lists.
    fn take(&mut self, slot: u32) -> Option<Pending> {
        self.slots.get(slot as usize)?;
        self.by_arrival.remove(&mut self.slots, slot);
        if self.slots.get(slot as usize)?.rooted.is_some() {
            self.by_root.remove(&mut self.slots, slot);
        }
        let pending = self.slots.try_remove(slot as usize)?;
        self.traces.remove(&pending.trace);
        self.held -= pending.held();
        Some(pending)
    }

    fn free(&mut self, mut pending: Pending) {
        self.blocks.free(&mut pending.chain);
        for number in &pending.heads {
            self.heads.release(*number);
        }
    }
}

/// Removes spans whose id an earlier span has. Returns their number.
fn remove_duplicates(spans: &mut Spans) -> u64 {
    let before = spans.list.len();
    let mut seen = foldhash::HashSet::default();
    spans.list.retain(|span| seen.insert(span.id));
    (before - spans.list.len()) as u64
}
