//! The undecided traces of one partition.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::Batch;
use tracing_sampling::tail::{PlanError, TailBuffer, TailSettings, TailStats, TraceDecision};

use super::clock::{BadTimestamp, PartitionClock};
use super::history::History;
use super::inspect::inspect;
use super::offsets::{Offsets, Start};
use super::stats::{KafkaStats, Kind};
use super::window::Window;
use crate::adaptive::Services;

/// The memory of an undecided trace beside its buffer, in bytes: an entry of a map.
const TRACE_BYTES: usize = 48;

/// A record of the topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) offset: i64,
    /// Milliseconds since the Unix epoch.
    pub(super) timestamp: Option<i64>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) payload: Option<&'a [u8]>,
}

/// What a partition has decided since the last time.
#[derive(Debug)]
pub(super) struct Decided {
    /// With the time of the partition at the decision.
    pub(super) decisions: Vec<(TraceDecision, u64)>,
    pub(super) batches: Vec<Batch>,
    /// Offsets that are released once the batches, and all earlier ones, were accepted.
    pub(super) settled: Vec<i64>,
    pub(super) budgets: Vec<u64>,
}

/// A partition that is assigned to this process.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) number: i32,
    /// Distinguishes this assignment from earlier ones.
    pub(super) generation: u64,
    partitions: i32,
    buffer: TailBuffer,
    clock: PartitionClock,
    offsets: Offsets,
    window: Window,
    /// The offset at which each undecided trace begins.
    firsts: HashMap<TraceId, i64>,
    next: Option<Duration>,
    max_bytes: usize,
    settled: Vec<i64>,
    decisions: Vec<(TraceDecision, u64)>,
    adaptive: Option<Services>,
}

impl Partition {
    /// Creates the state of a partition, which continues after `history`.
    pub(super) fn new(
        number: i32,
        generation: u64,
        partitions: i32,
        settings: TailSettings,
        late_window: Duration,
        history: &History,
        adaptive: Option<Services>,
    ) -> Result<Self, PlanError> {
        let most_closed = settings.non_sampled_cache_size;
        let max_bytes = settings.max_bytes;
        let mut buffer = TailBuffer::new(settings)?;
        buffer.record_decisions();
        let mut window = Window::new(nanos(late_window), most_closed);
        for record in &history.decisions {
            buffer.remember(&record.decision);
            window.open(record.decision.trace_id, record.decided_at);
        }
        if !history.budgets.is_empty() {
            buffer.restore_budgets(&history.budgets);
        }
        Ok(Self {
            number,
            generation,
            partitions,
            buffer,
            clock: PartitionClock::new(history.start_time),
            offsets: Offsets::new(),
            window,
            firsts: HashMap::new(),
            next: None,
            max_bytes,
            settled: Vec::new(),
            decisions: Vec::new(),
            adaptive,
        })
    }

    /// Adds a record. `wall` is the time of this machine in milliseconds since the Unix epoch.
    ///
    /// Returns the traces that begin with it.
    pub(super) fn add(&mut self, record: Record<'_>, wall: i64, stats: &KafkaStats) -> Vec<TraceId> {
        match self.clock.observe(record.timestamp, wall) {
            Ok(()) => {}
            Err(BadTimestamp::Missing) => stats.count(Kind::NoTimestamp),
            Err(BadTimestamp::Future) => stats.count(Kind::FutureTimestamp),
        }
        let now = self.clock.now();
        self.advance(now);
        self.offsets.read(record.offset, now);
        self.settled.push(record.offset);
        let inspected = inspect(record.key, record.payload, self.number, self.partitions, stats);
        let (Some(mut inspected), Some(payload)) = (inspected, record.payload) else { return Vec::new() };
        stats.count(Kind::Read);
        self.buffer.set_max_bytes(self.max_bytes.saturating_sub(self.beside_bytes()));
        let batch = Batch::new(Bytes::copy_from_slice(payload), inspected.spans);
        if let Some(adaptive) = &self.adaptive {
            adaptive.count(&batch);
        }
        self.buffer.add(&batch, Duration::from_nanos(now));
        inspected.traces.retain(|trace_id| self.begins(*trace_id, record.offset, stats));
        self.next = self.buffer.poll(Duration::from_nanos(now));
        self.collect(now);
        inspected.traces
    }

    /// Notes the offset of a trace that begins with a record. Returns whether it does.
    fn begins(&mut self, trace_id: TraceId, offset: i64, stats: &KafkaStats) -> bool {
        if !self.buffer.is_pending(trace_id) || self.firsts.contains_key(&trace_id) {
            return false;
        }
        self.firsts.insert(trace_id, offset);
        self.offsets.hold(offset);
        if self.window.is_closed(trace_id) {
            stats.count(Kind::AfterWindow);
        }
        true
    }

    /// Decides what is due up to `to`, each trace at its own time, so that the result does not depend on when this is called.
    fn advance(&mut self, to: u64) {
        while let Some(at) = self.next.map(nanos).filter(|at| *at <= to) {
            self.close_windows(at);
            self.next = self.buffer.poll(Duration::from_nanos(at));
            self.collect(at);
            if self.next.map(nanos) == Some(at) {
                break;
            }
        }
        self.close_windows(to);
    }

    fn close_windows(&mut self, now: u64) {
        let buffer = &mut self.buffer;
        self.window.close(now, |trace_id| buffer.forget(trace_id));
    }

    /// Takes over the decisions of the buffer, which were made at `at`.
    fn collect(&mut self, at: u64) {
        for decision in self.buffer.take_decisions() {
            self.settled.extend(self.firsts.remove(&decision.trace_id));
            self.window.open(decision.trace_id, at);
            self.decisions.push((decision, at));
        }
    }

    /// Moves on with the clock of this machine if there are no newer records.
    pub(super) fn idle(&mut self, idle_after: Duration) {
        self.clock.idle(idle_after);
        self.advance(self.clock.now());
    }

    /// Notes that there are no more records now.
    pub(super) fn reach_end(&mut self) {
        self.clock.reach_end();
    }

    /// Forgets how long there were no newer records.
    pub(super) fn touch(&mut self) {
        self.clock.touch();
    }

    /// Returns what was decided since the last call, or `None` if no record was read either.
    pub(super) fn take_decided(&mut self) -> Option<Decided> {
        let batches = self.buffer.take_kept();
        if batches.is_empty() && self.settled.is_empty() && self.decisions.is_empty() {
            return None;
        }
        Some(Decided {
            decisions: std::mem::take(&mut self.decisions),
            batches,
            settled: std::mem::take(&mut self.settled),
            budgets: self.buffer.budgets(),
        })
    }

    pub(super) fn release(&mut self, settled: &[i64]) {
        settled.iter().for_each(|offset| self.offsets.release(*offset));
    }

    pub(super) fn start(&self) -> Option<Start> {
        self.offsets.start()
    }

    pub(super) fn set_max_bytes(&mut self, max_bytes: usize) {
        self.max_bytes = max_bytes;
    }

    pub(super) fn reload(&mut self, settings: TailSettings) -> Result<(), PlanError> {
        let budgets = self.buffer.budgets();
        self.max_bytes = settings.max_bytes;
        self.buffer.reload(settings)?;
        self.buffer.restore_budgets(&budgets);
        Ok(())
    }

    pub(super) fn is_pending(&self, trace_id: TraceId) -> bool {
        self.firsts.contains_key(&trace_id)
    }

    pub(super) fn stats(&self) -> TailStats {
        self.buffer.stats()
    }

    /// The memory beside the buffer, in bytes.
    fn beside_bytes(&self) -> usize {
        self.offsets.bytes() + self.window.bytes() + self.firsts.capacity() * TRACE_BYTES
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
