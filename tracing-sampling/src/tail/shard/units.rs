//! Divides the spans of a trace into units: each local root with its local descendants.

use foldhash::HashMap;
use foldhash::HashMapExt;
use tracing_core_lite::pipeline::view::SpanView;

use super::pending::{Pending, RECORD_HEAD};
use super::state::Shard;

/// A stored span.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// Where its bytes are.
    pub(super) from: usize,
    pub(super) to: usize,
    /// The number of its scope in the trace.
    pub(super) head: usize,
    pub(super) id: u64,
    pub(super) parent: u64,
    pub(super) is_local_root: bool,
    pub(super) unit: Belongs,
}

/// The unit of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    Unknown,
    /// The unit with this number.
    To(usize),
    /// A unit that was dropped before.
    ToDropped,
    /// A unit whose root has not ended.
    ToOpen,
}

/// The spans of a trace.
#[derive(Debug, Default)]
pub(super) struct Spans {
    pub(super) bytes: Vec<u8>,
    pub(super) list: Vec<Stored>,
    pub(super) units: usize,
    /// Parents that have not ended, in units that are decided without their root.
    pub(super) missing: Vec<u64>,
}

impl Shard {
    /// Reads the stored spans of a trace.
    pub(super) fn read_spans(&self, pending: &Pending) -> Spans {
        let mut spans = Spans::default();
        spans.bytes.reserve(pending.facts.bytes as usize + RECORD_HEAD * pending.facts.spans as usize);
        self.blocks.each_piece(&pending.chain, |piece| spans.bytes.extend_from_slice(piece));
        let mut at = 0;
        while let Some(&[a, b, c, d, e, f]) = spans.bytes.get(at..at + RECORD_HEAD) {
            let from = at + RECORD_HEAD;
            let to = from + u32::from_le_bytes([a, b, c, d]) as usize;
            let Some(head) = spans.bytes.get(from..to).and_then(|span| SpanView::new(span).head().ok())
            else {
                break;
            };
            spans.list.push(Stored {
                from,
                to,
                head: usize::from(u16::from_le_bytes([e, f])),
                id: u64::from_be_bytes(head.span_id.to_bytes()),
                parent: u64::from_be_bytes(head.parent_span_id.to_bytes()),
                is_local_root: head.is_local_root(),
                unit: Belongs::Unknown,
            });
            at = to;
        }
        spans
    }

    /// Divides spans into units. Spans without a known root stay open, or with `all` become units of their own.
    pub(super) fn divide(&self, trace: u128, spans: &mut Spans, has_dropped_units: bool, all: bool) {
        let mut by_id = HashMap::with_capacity(spans.list.len());
        for (index, span) in spans.list.iter().enumerate() {
            by_id.insert(span.id, index);
        }
        let mut orphans: HashMap<u64, usize> = HashMap::new();
        let mut path = Vec::new();
        for start in 0..spans.list.len() {
            let mut at = start;
            path.clear();
            let unit = loop {
                let span = &spans.list[at];
                if span.unit != Belongs::Unknown {
                    break span.unit;
                }
                path.push(at);
                if span.is_local_root {
                    spans.units += 1;
                    break Belongs::To(spans.units - 1);
                }
                match by_id.get(&span.parent) {
                    // A path longer than the trace is a cycle.
                    Some(parent) if path.len() <= spans.list.len() => at = *parent,
                    _ => {
                        let (id, parent) = (span.id, span.parent);
                        break self.orphan(trace, id, parent, has_dropped_units, all, spans, &mut orphans);
                    }
                }
            };
            for &index in &path {
                spans.list[index].unit = unit;
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn orphan(
        &self,
        trace: u128,
        id: u64,
        parent: u64,
        has_dropped_units: bool,
        all: bool,
        spans: &mut Spans,
        orphans: &mut HashMap<u64, usize>,
    ) -> Belongs {
        if has_dropped_units && (self.dropped.contains(trace, parent) || self.dropped.contains(trace, id)) {
            return Belongs::ToDropped;
        }
        if !all {
            return Belongs::ToOpen;
        }
        let unit = *orphans.entry(parent).or_insert_with(|| {
            spans.missing.push(parent);
            spans.units += 1;
            spans.units - 1
        });
        Belongs::To(unit)
    }
}
