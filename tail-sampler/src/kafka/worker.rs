//! The thread that reads the topic and decides.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message};
use tracing_sampling::tail::{Amount, PlanError, TailSettings, TailStats};

use super::config::KafkaConfig;
use super::cycle::Cycle;
use super::downstream::Downstream;
use super::group::{Change, Membership};
use super::journal::Journal;
use super::partition::{Partition, Record};
use super::security::{Security, SecurityError};
use super::stats::{KafkaStats, Kind};
use super::topics::{TopicError, Topics};
use super::watched::Watched;
use crate::adaptive::Services;
use crate::client_tls::ClientTls;

/// How long a poll waits for a record.
const POLL: Duration = Duration::from_millis(50);
/// The records that are read before other work is done.
const AT_ONCE: usize = 500;
/// How often decisions are written and sent.
const CYCLE: Duration = Duration::from_millis(100);
/// How often offsets are committed.
const COMMIT: Duration = Duration::from_secs(1);
/// How often the number of partitions is checked.
const CHECK: Duration = Duration::from_secs(60);
/// A pause of this thread that is longer says nothing about whether there are records.
const STALL: Duration = Duration::from_secs(1);
/// The most cycles on their way. More are not begun.
const MOST_CYCLES: usize = 600;

/// Why the worker has stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkerError {
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error(transparent)]
    Policy(#[from] PlanError),
    #[error(transparent)]
    Security(#[from] SecurityError),
}

/// Why the worker has ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    /// The certificates have changed, which clients only read when they are created.
    NewCertificates,
}

pub(super) enum Command {
    Reload(Box<TailSettings>, Sender<Result<(), PlanError>>),
}

/// What the worker is started with.
pub(super) struct Parts {
    pub(super) config: KafkaConfig,
    pub(super) settings: TailSettings,
    /// Counts the requests of services with adaptive rates.
    pub(super) adaptive: Option<Services>,
    pub(super) consumer: BaseConsumer<Membership>,
    pub(super) security: Security,
    pub(super) journal: Arc<Journal>,
    pub(super) topics: Topics,
    pub(super) downstream: Downstream,
    pub(super) partition_count: i32,
    pub(super) stats: Arc<KafkaStats>,
    pub(super) commands: Receiver<Command>,
    pub(super) stop: Arc<AtomicBool>,
}

/// The counts of partitions that were given away.
#[derive(Debug, Default)]
pub(super) struct Retired {
    pub(super) tail: TailStats,
    pub(super) revoked: Amount,
}

pub(super) struct Worker {
    pub(super) parts: Parts,
    pub(super) partitions: BTreeMap<i32, Partition>,
    /// Offsets of the decision topic: of each group of decisions the time of its last one, and its first offset.
    pub(super) floors: HashMap<i32, VecDeque<(u64, i64)>>,
    pub(super) generation: u64,
    pub(super) cycles: VecDeque<Cycle>,
    pub(super) is_paused: bool,
    pub(super) committed: HashMap<i32, i64>,
    pub(super) retired: Retired,
    certificates: Watched,
    last_cycle: Instant,
    last_commit: Instant,
    last_check: Instant,
}

impl Worker {
    pub(super) fn new(parts: Parts, retired: Retired) -> Self {
        let now = Instant::now();
        let tls = parts.config.tls.as_ref();
        let certificates = Watched::new(tls.map(ClientTls::paths).unwrap_or_default());
        Self {
            parts,
            partitions: BTreeMap::new(),
            floors: HashMap::new(),
            generation: 0,
            cycles: VecDeque::new(),
            is_paused: false,
            committed: HashMap::new(),
            retired,
            certificates,
            last_cycle: now,
            last_commit: now,
            last_check: now,
        }
    }

    /// Runs until the program stops, or the clients must be created anew. Returns the counts so far, too.
    pub(super) fn run(mut self, grace: Duration) -> (Result<End, WorkerError>, Parts, Retired) {
        let mut result = self.work();
        if result.is_ok()
            && let Err(error) = self.finish(grace)
        {
            result = Err(error);
        }
        let numbers: Vec<i32> = self.partitions.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.drop_partition(number));
        self.publish();
        (result, self.parts, self.retired)
    }

    fn work(&mut self) -> Result<End, WorkerError> {
        let mut round = Instant::now();
        while !self.parts.stop.load(Ordering::Acquire) {
            self.read()?;
            if round.elapsed() > STALL {
                self.partitions.values_mut().for_each(Partition::touch);
            }
            round = Instant::now();
            if !self.is_paused {
                let idle_after = self.parts.config.idle_after;
                self.partitions.values_mut().for_each(|partition| partition.idle(idle_after));
            }
            self.serve()?;
            self.obey();
            if self.certificates.have_changed() {
                return Ok(End::NewCertificates);
            }
        }
        Ok(End::Stopped)
    }

    /// Everything but reading.
    fn serve(&mut self) -> Result<(), WorkerError> {
        if self.last_cycle.elapsed() >= CYCLE {
            self.last_cycle = Instant::now();
            self.begin_cycle()?;
            self.publish();
        }
        self.parts.journal.poll()?;
        self.send_cycles();
        self.release_cycles();
        self.pause_or_resume()?;
        if self.last_commit.elapsed() >= COMMIT {
            self.last_commit = Instant::now();
            self.commit();
            self.refresh_passwords();
        }
        if self.last_check.elapsed() >= CHECK {
            self.last_check = Instant::now();
            self.check_topics()?;
        }
        Ok(())
    }

    fn refresh_passwords(&self) {
        let Parts { security, consumer, journal, topics, .. } = &self.parts;
        security.refresh(consumer.client());
        security.refresh(journal.client());
        security.refresh(topics.client());
    }

    pub(super) fn check_topics(&self) -> Result<(), WorkerError> {
        match self.parts.topics.check(&self.parts.config) {
            Err(error) if error.is_final() => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "the topics cannot be checked");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Reads some records.
    fn read(&mut self) -> Result<(), WorkerError> {
        let mut wait = POLL;
        for _ in 0..AT_ONCE {
            // The consumer is borrowed by the message, so it is shared with the rest of this function.
            let Self { parts, partitions, .. } = self;
            let polled = parts.consumer.poll(wait);
            let changes = parts.consumer.context().take_changes();
            let mut is_empty = false;
            match polled {
                Some(Ok(message)) if changes.is_empty() => add(partitions, &message, &parts.stats),
                Some(Ok(message)) => {
                    let is_old = !changes.iter().any(
                        |change| matches!(change, Change::Revoked(of) if of.contains(&message.partition())),
                    );
                    if is_old {
                        add(partitions, &message, &parts.stats);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(number))) => {
                    partitions.get_mut(&number).into_iter().for_each(Partition::reach_end);
                }
                Some(Err(error)) => return_fatal(error)?,
                None => is_empty = true,
            }
            for change in changes {
                self.change(change)?;
            }
            if is_empty {
                break;
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Stops reading while the receiver, or the decision topic, is behind. The process stays in the group.
    fn pause_or_resume(&mut self) -> KafkaResult<()> {
        let bytes: usize = self.cycles.iter().map(|cycle| cycle.bytes).sum();
        let most = self.parts.settings.max_queue_bytes;
        let stats = &self.parts.stats;
        stats.unacknowledged_bytes.store(bytes as u64, Ordering::Relaxed);
        let is_behind = match self.is_paused {
            true => bytes > most / 2 || self.cycles.len() > MOST_CYCLES / 2,
            false => bytes > most || self.cycles.len() > MOST_CYCLES,
        };
        if is_behind == self.is_paused {
            return Ok(());
        }
        let list = self.list(self.partitions.keys().copied())?;
        match is_behind {
            true => self.parts.consumer.pause(&list)?,
            false => self.parts.consumer.resume(&list)?,
        }
        self.is_paused = is_behind;
        stats.paused.store(u64::from(is_behind), Ordering::Relaxed);
        self.partitions.values_mut().for_each(Partition::touch);
        Ok(())
    }

    fn commit(&mut self) {
        let starts: Vec<(i32, i64)> = self
            .partitions
            .iter()
            .filter_map(|(number, partition)| Some((*number, partition.start()?.offset)))
            .filter(|(number, offset)| self.committed.get(number) != Some(offset))
            .collect();
        let numbers: Vec<i32> = starts.iter().map(|(number, _)| *number).collect();
        let consumer = &self.parts.consumer;
        if !numbers.is_empty() && consumer.context().commit(consumer, &numbers) {
            self.committed.extend(starts);
        }
    }

    fn publish(&self) {
        let mut tail = self.retired.tail.clone();
        self.partitions.values().for_each(|partition| tail.add(&partition.stats()));
        let traces: usize = self.cycles.iter().flat_map(|cycle| &cycle.parts).map(|part| part.traces).sum();
        self.parts.stats.unacknowledged_traces.store(traces as u64, Ordering::Relaxed);
        self.parts.stats.publish(tail, self.retired.revoked);
    }

    fn obey(&mut self) {
        while let Ok(Command::Reload(settings, reply)) = self.parts.commands.try_recv() {
            let old = std::mem::replace(&mut self.parts.settings, *settings);
            let new = self.partition_settings();
            let mut result = Ok(());
            for partition in self.partitions.values_mut() {
                result = result.and_then(|()| partition.reload(new.clone()));
            }
            if result.is_err() {
                self.parts.settings = old;
            }
            self.share_memory();
            let _ = reply.send(result);
        }
    }

    /// Finishes what was decided. Undecided traces are left to the other processes.
    fn finish(&mut self, grace: Duration) -> Result<(), WorkerError> {
        let deadline = Instant::now() + grace;
        let list = self.list(self.partitions.keys().copied())?;
        self.parts.consumer.pause(&list)?;
        self.begin_cycle()?;
        while !self.cycles.is_empty() && Instant::now() < deadline {
            self.parts.journal.poll()?;
            self.send_cycles();
            self.release_cycles();
            std::thread::sleep(Duration::from_millis(5));
        }
        self.publish();
        self.commit();
        Ok(())
    }
}

fn add(partitions: &mut BTreeMap<i32, Partition>, message: &BorrowedMessage<'_>, stats: &KafkaStats) {
    let number = message.partition();
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let record = Record {
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        key: message.key(),
        payload: message.payload(),
    };
    let Some(partition) = partitions.get_mut(&number) else { return };
    let begun = partition.add(record, i64::try_from(wall.as_millis()).unwrap_or(i64::MAX), stats);
    for trace_id in begun {
        let is_elsewhere = |(other, it): (&i32, &Partition)| *other != number && it.is_pending(trace_id);
        if partitions.iter().any(is_elsewhere) {
            stats.count(Kind::SplitTrace);
        }
    }
}

/// Logs errors that pass, and returns the others.
fn return_fatal(error: KafkaError) -> KafkaResult<()> {
    match error {
        KafkaError::MessageConsumptionFatal(_) => Err(error),
        error => {
            tracing::warn!(%error, "the topic cannot be read now");
            Ok(())
        }
    }
}
