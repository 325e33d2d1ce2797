//! The state of a shard.

use std::sync::Arc;

use foldhash::HashMap;
use slab::Slab;
use tracing_core_lite::pipeline::view::{ResourceView, View};
use tracing_core_lite::pipeline::{Batch, BatchBuilder};

use super::pending::{List, Pending};
use crate::tail::cache::{Dropped, KeptTraces};
use crate::tail::plan::{Plan, PlanError};
use crate::tail::settings::TailSettings;
use crate::tail::settled::TraceDecision;
use crate::tail::stats::{Counts, PolicyStats};
use crate::tail::store::{Blocks, ScopeHeads};

/// The time between the decisions of policies with a budget, in nanoseconds.
pub(super) const BUDGET_INTERVAL: u64 = 1_000_000_000;

/// A larger capacity is released when a map is mostly empty.
const KEEP_CAPACITY: usize = 4096;

/// Buffers spans and decides about their traces.
#[derive(Debug)]
pub(in crate::tail) struct Shard {
    pub(super) settings: TailSettings,
    pub(super) plan: Plan,
    pub(super) traces: HashMap<u128, u32>,
    pub(super) slots: Slab<Pending>,
    pub(super) blocks: Blocks,
    pub(super) heads: ScopeHeads,
    pub(super) by_arrival: List,
    pub(super) by_root: List,
    /// Memory of the pending traces.
    pub(super) held: usize,
    pub(super) kept: KeptTraces,
    pub(super) dropped: Dropped,
    pub(super) counts: Counts,
    pub(super) out: BatchBuilder,
    pub(super) ready: Vec<Batch>,
    /// When budgets are spent next.
    pub(super) next_budget: u64,
    pub(super) scratch: Vec<u8>,
    /// The number of the last `ResourceSpans` that arrived.
    pub(super) part: u64,
    /// The decisions about traces, if they are asked for.
    pub(super) log: Option<Vec<TraceDecision>>,
}

impl Shard {
    /// Creates a shard.
    pub(in crate::tail) fn new(settings: TailSettings, counts: Counts) -> Result<Self, PlanError> {
        let plan = Plan::new(&settings)?;
        let shards = settings.shards.max(1);
        let mut shard = Self {
            kept: KeptTraces::new(settings.sampled_cache_size / shards),
            dropped: Dropped::new(settings.non_sampled_cache_size / shards),
            settings,
            plan,
            traces: HashMap::default(),
            slots: Slab::new(),
            blocks: Blocks::default(),
            heads: ScopeHeads::default(),
            by_arrival: List::new(0),
            by_root: List::new(1),
            held: 0,
            counts,
            out: BatchBuilder::new(),
            ready: Vec::new(),
            next_budget: 0,
            scratch: Vec::new(),
            part: 0,
            log: None,
        };
        shard.name_counts();
        Ok(shard)
    }

    /// Replaces the settings. The new policies also decide about pending traces.
    pub(in crate::tail) fn reload(&mut self, settings: TailSettings) -> Result<(), PlanError> {
        self.plan = Plan::new(&settings)?;
        let shards = settings.shards.max(1);
        self.kept.set_limit(settings.sampled_cache_size / shards);
        self.dropped.set_limit(settings.non_sampled_cache_size / shards);
        self.settings = settings;
        let plan = &self.plan;
        self.heads.rematch(|resource| match ResourceView::of(resource).attributes() {
            Ok(attributes) => plan.of_resource(attributes),
            Err(_) => 0,
        });
        self.name_counts();
        let all: Vec<u32> = self.by_arrival.iter(&self.slots).map(|(slot, _)| slot).collect();
        for slot in all {
            self.observe_again(slot);
        }
        Ok(())
    }

    /// Puts the counts of the policies in the order of the plan.
    fn name_counts(&mut self) {
        let mut counts = self.counts.lock();
        let mut known = std::mem::take(&mut counts.policies);
        let of = |name: &Arc<str>| match known.iter().position(|it| *it.policy == **name) {
            Some(at) => known.remove(at),
            None => PolicyStats { policy: name.to_string(), ..PolicyStats::default() },
        };
        counts.policies = self.plan.names.iter().map(of).collect();
        counts.policies.extend(known);
    }

    /// Returns the memory of undecided traces, in bytes.
    pub(in crate::tail) fn pending_bytes(&self) -> usize {
        self.held + self.heads.held()
    }

    /// Returns the share of this shard in a bound of the whole stage.
    pub(super) fn share(&self, total: usize) -> usize {
        total / self.settings.shards.max(1)
    }

    /// Returns the complete batches of kept spans, and with `all` also the last one.
    pub(in crate::tail) fn take_ready(&mut self, all: bool) -> Vec<Batch> {
        if all {
            self.ready.extend(self.out.finish());
        }
        std::mem::take(&mut self.ready)
    }

    /// Starts to record decisions.
    pub(in crate::tail) fn record_decisions(&mut self) {
        self.log.get_or_insert_default();
    }

    /// Returns the decisions since the last call.
    pub(in crate::tail) fn take_decisions(&mut self) -> Vec<TraceDecision> {
        self.log.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Follows a decision that was made elsewhere.
    pub(in crate::tail) fn remember(&mut self, trace: u128, decision: &TraceDecision) {
        match decision.kept {
            true => self.kept.insert(trace, decision.to_kept()),
            false => self.dropped.insert(trace, 0),
        }
    }

    /// Forgets a decision.
    pub(in crate::tail) fn forget(&mut self, trace: u128) {
        self.kept.remove(trace);
        self.dropped.remove(trace, 0);
    }

    /// Returns whether the trace is pending.
    pub(in crate::tail) fn is_pending(&self, trace: u128) -> bool {
        self.traces.contains_key(&trace)
    }

    pub(in crate::tail) fn set_max_bytes(&mut self, bytes: usize) {
        self.settings.max_bytes = bytes;
    }

    pub(in crate::tail) fn budgets(&self) -> Vec<u64> {
        self.plan.budgets()
    }

    pub(in crate::tail) fn restore_budgets(&mut self, state: &[u64]) -> bool {
        self.plan.restore_budgets(state)
    }

    /// Releases unused memory.
    pub(super) fn trim(&mut self) {
        if self.traces.capacity() > KEEP_CAPACITY && self.traces.len() < self.traces.capacity() / 8 {
            self.traces.shrink_to(KEEP_CAPACITY.max(self.traces.len() * 2));
        }
        if self.slots.capacity() > KEEP_CAPACITY && self.slots.is_empty() {
            self.slots = Slab::new();
        }
        if self.scratch.capacity() > 1 << 20 {
            self.scratch = Vec::new();
        }
    }
}
