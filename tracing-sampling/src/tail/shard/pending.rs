//! A trace that waits for its decision, and the lists that order such traces by time.

use slab::Slab;
use smallvec::SmallVec;

use crate::tail::facts::Facts;
use crate::tail::store::Chain;

/// The end of a list.
const NONE: u32 = u32::MAX;

/// The bytes before each stored span: its length and the number of its scope in the trace.
pub(super) const RECORD_HEAD: usize = 6;

/// The memory of a trace beyond its blocks: the slot and an entry of the map.
pub(super) const TRACE_BYTES: usize = size_of::<Pending>() + 40;

/// A trace that waits for its decision.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) trace: u128,
    pub(super) facts: Facts,
    /// The encoded spans.
    pub(super) chain: Chain,
    /// The scopes of the spans.
    pub(super) heads: SmallVec<[u32; 4]>,
    /// When the first span arrived.
    pub(super) arrived: u64,
    /// When the first root arrived.
    pub(super) rooted: Option<u64>,
    /// Whether a unit of the trace was dropped before.
    pub(super) has_dropped_units: bool,
    links: [Links; 2],
}

#[derive(Debug, Clone, Copy)]
struct Links {
    previous: u32,
    next: u32,
}

impl Pending {
    pub(super) fn new(trace: u128, arrived: u64) -> Self {
        Self {
            trace,
            facts: Facts::default(),
            chain: Chain::default(),
            heads: SmallVec::new(),
            arrived,
            rooted: None,
            has_dropped_units: false,
            links: [Links { previous: NONE, next: NONE }; 2],
        }
    }

    pub(super) fn held(&self) -> usize {
        let heads = if self.heads.spilled() { self.heads.capacity() * 4 } else { 0 };
        TRACE_BYTES + self.chain.held() + heads
    }
}

/// Traces in the order of an event, oldest first. All traces wait equally long after the event, so this is a queue of
/// deadlines.
#[derive(Debug)]
pub(super) struct List {
    kind: usize,
    first: u32,
    last: u32,
}

impl List {
    /// `kind` is 0 or 1: which links of the traces the list uses.
    pub(super) fn new(kind: usize) -> Self {
        Self { kind, first: NONE, last: NONE }
    }

    pub(super) fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    /// Iterates from the oldest.
    pub(super) fn iter<'a>(&self, slots: &'a Slab<Pending>) -> impl Iterator<Item = (u32, &'a Pending)> {
        let kind = self.kind;
        let mut at = self.first;
        std::iter::from_fn(move || {
            let pending = slots.get(at as usize)?;
            let slot = at;
            at = pending.links[kind].next;
            Some((slot, pending))
        })
    }

    pub(super) fn push(&mut self, slots: &mut Slab<Pending>, slot: u32) {
        if let Some(pending) = slots.get_mut(slot as usize) {
            pending.links[self.kind] = Links { previous: self.last, next: NONE };
        }
        match slots.get_mut(self.last as usize) {
            Some(last) => last.links[self.kind].next = slot,
            None => self.first = slot,
        }
        self.last = slot;
    }

    pub(super) fn remove(&mut self, slots: &mut Slab<Pending>, slot: u32) {
        let Some(pending) = slots.get_mut(slot as usize) else { return };
        let links = std::mem::replace(&mut pending.links[self.kind], Links { previous: NONE, next: NONE });
        match slots.get_mut(links.previous as usize) {
            Some(previous) => previous.links[self.kind].next = links.next,
            None => self.first = links.next,
        }
        match slots.get_mut(links.next as usize) {
            Some(next) => next.links[self.kind].previous = links.previous,
            None => self.last = links.previous,
        }
    }
}
