//! Takes decisions through the decision topic to the receiver.

use rdkafka::consumer::Consumer;
use tracing_core_lite::pipeline::Batch;

use super::cycle::{Cycle, Part};
use super::history::Committed;
use super::partition::Partition;
use super::worker::{Worker, WorkerError};

impl Worker {
    /// Takes what the partitions have decided, and writes it to the decision topic.
    pub(super) fn begin_cycle(&mut self) -> Result<(), WorkerError> {
        let (mut parts, mut batches) = (Vec::new(), Vec::new());
        for partition in self.partitions.values_mut() {
            let Some(decided) = partition.take_decided() else { continue };
            let (number, traces) = (partition.number, decided.decisions.len());
            let last_decided_at = decided.decisions.last().map_or(0, |(_, at)| *at);
            let reports = self.parts.journal.write(number, decided.decisions, &decided.budgets)?;
            batches.extend(decided.batches);
            parts.push(Part {
                partition: number,
                generation: partition.generation,
                settled: decided.settled,
                traces,
                last_decided_at,
                reports,
            });
        }
        if !parts.is_empty() {
            let bytes = batches.iter().map(Batch::request_len).sum();
            self.cycles.push_back(Cycle { sent_as: None, parts, batches, bytes });
        }
        Ok(())
    }

    /// Sends the kept spans whose decisions are written.
    pub(super) fn send_cycles(&mut self) {
        for cycle in self.cycles.iter_mut().filter(|cycle| cycle.sent_as.is_none()) {
            if !cycle.is_written() {
                break;
            }
            cycle.sent_as = Some(self.parts.downstream.send(std::mem::take(&mut cycle.batches)));
        }
    }

    /// Releases the offsets of what was accepted.
    pub(super) fn release_cycles(&mut self) {
        while let Some(id) = self.parts.downstream.next_done() {
            if self.cycles.front().is_none_or(|cycle| cycle.sent_as != Some(id)) {
                continue;
            }
            let Some(cycle) = self.cycles.pop_front() else { continue };
            for part in cycle.parts {
                let partition = self.partitions.get_mut(&part.partition);
                let Some(partition) = partition.filter(|it| it.generation == part.generation) else {
                    continue;
                };
                partition.release(&part.settled);
                if let Some(offset) = part.reports.first_offset() {
                    let floors = self.floors.entry(part.partition).or_default();
                    floors.push_back((part.last_decided_at, offset));
                }
                self.note_start(part.partition);
            }
        }
    }

    /// Notes where the next owner of a partition must begin.
    fn note_start(&mut self, number: i32) {
        let Some(start) = self.partitions.get(&number).and_then(Partition::start) else { return };
        let window = u64::try_from(self.parts.config.late_window.as_nanos()).unwrap_or(u64::MAX);
        let floors = self.floors.entry(number).or_default();
        // The last one stays: the next owner continues with its budgets.
        while floors.len() > 1
            && floors.front().is_some_and(|(at, _)| at.saturating_add(window) <= start.time)
        {
            floors.pop_front();
        }
        let floor = floors.front().map_or(0, |(_, offset)| *offset);
        self.parts.consumer.context().set_start(number, start, Committed { time: start.time, floor });
    }
}
