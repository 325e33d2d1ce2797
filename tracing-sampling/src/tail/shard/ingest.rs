//! Adds spans to pending traces.

use tracing_core_lite::pipeline::view::{RequestView, ResourceView, ScopeView, SpanHead, SpanView};

use super::pending::{Pending, RECORD_HEAD, TRACE_BYTES};
use super::state::Shard;
use crate::tail::cache::Kept;
use crate::tail::settings::Unit;
use crate::tail::store::BLOCK_BYTES;

/// A trace is compared with this many of its scopes before it gets another entry.
const SEARCHED_SCOPES: usize = 8;

/// Counts of one request, which are published together.
#[derive(Default)]
struct Received {
    spans: u64,
    traces: u64,
    late_kept: u64,
    late_dropped: u64,
    invalid: u64,
    malformed: bool,
}

/// The scope of the spans that are being read.
struct Scope<'a> {
    resource: ResourceView<'a>,
    view: ScopeView<'a>,
    number: Option<u32>,
}

impl Shard {
    /// Adds the spans of an encoded request whose traces belong to this shard. Malformed parts are counted and skipped.
    pub(in crate::tail) fn ingest(&mut self, request: &[u8], index: usize, of: usize, now: u64) {
        let mut received = Received::default();
        for resource in RequestView::new(request).resources() {
            let Ok(resource) = resource else {
                received.malformed = true;
                break;
            };
            self.part += 1;
            for scope in resource.scopes() {
                let Ok(view) = scope else {
                    received.malformed = true;
                    break;
                };
                let mut scope = Scope { resource, view, number: None };
                self.ingest_scope(&mut scope, index, of, now, &mut received);
                if let Some(number) = scope.number {
                    self.heads.release(number);
                }
                if self.exceeds_bounds() {
                    self.publish(&std::mem::take(&mut received));
                    self.enforce_bounds(now);
                }
            }
        }
        self.publish(&received);
    }

    fn ingest_scope(
        &mut self,
        scope: &mut Scope<'_>,
        index: usize,
        of: usize,
        now: u64,
        received: &mut Received,
    ) {
        let mut last = None;
        for span in scope.view.spans() {
            let head = span.as_ref().map_err(Clone::clone).and_then(SpanView::head);
            let (Ok(span), Ok(head)) = (span, head) else {
                received.malformed = true;
                continue;
            };
            let trace = u128::from_be_bytes(head.trace_id.to_bytes());
            if trace == 0 {
                received.invalid += u64::from(index == 0);
            } else if of == 1 || shard_of(trace, of) == index {
                last = self.add(trace, &head, span, scope, last, now, received);
            }
        }
    }

    /// Adds a span. Returns the trace and its slot, unless the span was late.
    #[allow(clippy::too_many_arguments)]
    #[inline]
    fn add(
        &mut self,
        trace: u128,
        head: &SpanHead<'_>,
        span: SpanView<'_>,
        scope: &mut Scope<'_>,
        last: Option<(u128, u32)>,
        now: u64,
        received: &mut Received,
    ) -> Option<(u128, u32)> {
        let Some(number) = self.scope_number(scope) else {
            received.malformed = true;
            return last;
        };
        let known = match last {
            Some((known, slot)) if known == trace => Some(slot),
            _ => self.traces.get(&trace).copied(),
        };
        let slot = match known {
            Some(slot) if self.follows_drop(slot, trace, head) => {
                self.count_late_drop(trace, head, received);
                return last;
            }
            Some(slot) => slot,
            None => {
                if let Some(kept) = self.kept.get(trace) {
                    let kept = kept.clone();
                    self.emit_late(&kept, head, span, number);
                    received.late_kept += 1;
                    return last;
                }
                let has_dropped = self.dropped.contains(trace, 0);
                if has_dropped && (self.settings.unit == Unit::Trace || self.is_of_dropped_unit(trace, head))
                {
                    self.count_late_drop(trace, head, received);
                    return last;
                }
                received.traces += 1;
                self.begin(trace, has_dropped, now)
            }
        };
        received.spans += 1;
        self.append(slot, head, span, number);
        self.note_root(slot, head, now);
        if self.is_oversized(slot) {
            // Spans must be counted before their trace is decided.
            self.publish(&std::mem::take(received));
            self.decide_oversized(slot, now);
            return None;
        }
        Some((trace, slot))
    }

    fn begin(&mut self, trace: u128, has_dropped_units: bool, now: u64) -> u32 {
        let mut pending = Pending::new(trace, now);
        pending.has_dropped_units = has_dropped_units;
        let slot = self.slots.insert(pending) as u32;
        self.traces.insert(trace, slot);
        self.by_arrival.push(&mut self.slots, slot);
        self.held += TRACE_BYTES;
        slot
    }

    /// Appends a span to its trace.
    pub(super) fn append(&mut self, slot: u32, head: &SpanHead<'_>, span: SpanView<'_>, number: u32) {
        let Some(pending) = self.slots.get_mut(slot as usize) else { return };
        let before = pending.held();
        let from = pending.heads.len().saturating_sub(SEARCHED_SCOPES);
        let local = match pending.heads[from..].iter().rposition(|known| *known == number) {
            Some(at) => from + at,
            None => {
                pending.heads.push(number);
                self.heads.reference(number);
                pending.heads.len() - 1
            }
        };
        if let Some(scope) = self.heads.get(number) {
            let from = scope.origin(self.part, number);
            self.plan.observe(&mut pending.facts, head, &span, scope.matched, from);
        }
        let bytes = span.bytes();
        let mut record = [0; RECORD_HEAD];
        record[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        record[4..].copy_from_slice(&(local as u16).to_le_bytes());
        self.blocks.append(&mut pending.chain, &record);
        self.blocks.append(&mut pending.chain, bytes);
        self.held += pending.held() - before;
    }

    fn note_root(&mut self, slot: u32, head: &SpanHead<'_>, now: u64) {
        let is_root = match self.settings.unit {
            Unit::LocalRoot => head.is_local_root(),
            Unit::Trace => head.is_root(),
        };
        if is_root
            && let Some(pending) = self.slots.get_mut(slot as usize)
            && pending.rooted.is_none()
        {
            pending.rooted = Some(now);
            self.by_root.push(&mut self.slots, slot);
        }
    }

    /// Returns the number of the scope, which is looked up once for all of its spans.
    fn scope_number(&mut self, scope: &mut Scope<'_>) -> Option<u32> {
        if scope.number.is_none() {
            self.scratch.clear();
            scope.resource.put_head(&mut self.scratch).ok()?;
            let middle = self.scratch.len();
            scope.view.put_head(&mut self.scratch).ok()?;
            let plan = &self.plan;
            let matched = || scope.resource.attributes().map_or(0, |attributes| plan.of_resource(attributes));
            scope.number = Some(self.heads.acquire(&self.scratch, middle, matched));
        }
        scope.number
    }

    /// Returns whether a span belongs to a unit that was dropped, while its trace is pending.
    #[inline]
    fn follows_drop(&self, slot: u32, trace: u128, head: &SpanHead<'_>) -> bool {
        let pending = self.slots.get(slot as usize);
        pending.is_some_and(|pending| pending.has_dropped_units) && self.is_of_dropped_unit(trace, head)
    }

    /// Returns whether a span or its local parent is known to belong to a dropped unit.
    fn is_of_dropped_unit(&self, trace: u128, head: &SpanHead<'_>) -> bool {
        let id = u64::from_be_bytes(head.span_id.to_bytes());
        let parent = u64::from_be_bytes(head.parent_span_id.to_bytes());
        self.dropped.contains(trace, id) || (!head.is_local_root() && self.dropped.contains(trace, parent))
    }

    fn count_late_drop(&mut self, trace: u128, head: &SpanHead<'_>, received: &mut Received) {
        received.late_dropped += 1;
        if self.settings.unit == Unit::LocalRoot {
            self.dropped.insert(trace, u64::from_be_bytes(head.span_id.to_bytes()));
            if !head.is_local_root() {
                self.dropped.insert(trace, u64::from_be_bytes(head.parent_span_id.to_bytes()));
            }
        }
    }

    /// The scope is taken from its stored bytes, because finding them in the message reads all of its spans.
    fn emit_late(&mut self, kept: &Kept, head: &SpanHead<'_>, span: SpanView<'_>, number: u32) {
        if let Some(scope) = self.heads.get(number) {
            let section = self.out.section(scope.resource(), scope.scope());
            self.emit_span(section, head, span, kept);
        }
    }

    fn is_oversized(&self, slot: u32) -> bool {
        let Some(pending) = self.slots.get(slot as usize) else { return false };
        let maximum = self.settings.maximum_trace_size_bytes;
        pending.held() > self.settings.max_trace_bytes.max(BLOCK_BYTES + TRACE_BYTES)
            || pending.heads.len() >= usize::from(u16::MAX)
            || (maximum > 0 && pending.facts.size_of_parts() > maximum)
    }

    fn publish(&self, received: &Received) {
        let mut counts = self.counts.lock();
        let late = received.late_kept + received.late_dropped;
        counts.received.add(received.spans + late, received.traces);
        counts.pending.add(received.spans, received.traces);
        counts.kept.spans += received.late_kept;
        counts.dropped.spans += received.late_dropped;
        counts.late_kept_spans += received.late_kept;
        counts.late_dropped_spans += received.late_dropped;
        counts.invalid_spans += received.invalid;
        counts.malformed_requests += u64::from(received.malformed);
        counts.pending_bytes = self.pending_bytes() as u64;
    }
}

/// Returns the shard of a trace. The upper bits are used, because the lower ones decide about sampling.
fn shard_of(trace: u128, of: usize) -> usize {
    let mixed = ((trace >> 64) as u64 ^ trace as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(mixed) * of as u128) >> 64) as usize
}
