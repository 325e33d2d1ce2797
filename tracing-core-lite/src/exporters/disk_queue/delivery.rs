//! The thread that delivers the spans on disk.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::config::Fsync;
use super::deferred::{Deferred, Record};
use super::inherit::inherit;
use super::log::Unread;
use super::reader::{Read, Reader};
use super::shared::{Shared, now_ms};
use super::stats::add;
use crate::clock::after;
use crate::context::suppress_tracing;
use crate::cost::OwnThread;
use crate::pipeline::parts::Parts;
use crate::pipeline::{Backoff, Batch, ExportError, Exported, Exporter};

/// How often the thread looks for sub-directories of processes that ended, and for spans that are too old.
const HOUSEKEEPING: Duration = Duration::from_secs(2);

/// The time for the exporter to close its sink after the shutdown deadline.
const LAST_CALL: Duration = Duration::from_millis(100);

pub(super) struct Delivery {
    shared: Arc<Shared>,
    exporter: Box<dyn Exporter>,
    reader: Reader,
    deferred: Deferred,
    /// Directories with files of a newer version.
    left_alone: HashSet<PathBuf>,
    next_housekeeping: Instant,
    backoff: Backoff,
    paused_until: Option<Instant>,
    failures_in_a_row: u32,
    /// What to deliver next after a failure, so that no batch blocks the others.
    turn: Turn,
    failed_after_close: bool,
}

/// The source of the last batch, if the receiver answered it with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Any,
    AfterDeferred,
    AfterMemory,
}

/// The next step of the thread.
enum Next {
    Read(Unread),
    Repeat(Record),
    Memory(Batch),
    Housekeeping,
    Stop,
}

/// What is delivered.
enum Source {
    Disk(Record),
    Memory,
}

/// Marks the thread as ended even if it panicked, so that no caller waits for it.
struct Finish(Arc<Shared>);

impl Drop for Finish {
    fn drop(&mut self) {
        let shared = &*self.0;
        let mut state = shared.lock();
        shared.store_memory(&mut state, true);
        state.log.seal();
        shared.counters.count_full(state.memory.clear() as u64);
        shared.update_level(&state);
        drop(state);
        if shared.config.fsync != Fsync::Never {
            shared.sync();
        }
        let mut state = shared.lock();
        // Releases the locks, so that another process can continue.
        state.log.release();
        state.is_finished = true;
        drop(state);
        shared.progress.notify_all();
        shared.sync_work.notify_all();
    }
}

impl Delivery {
    pub(super) fn new(shared: Arc<Shared>, exporter: Box<dyn Exporter>) -> Self {
        Self {
            shared,
            exporter,
            reader: Reader::default(),
            deferred: Deferred::default(),
            left_alone: HashSet::new(),
            next_housekeeping: Instant::now(),
            backoff: Backoff::new(),
            paused_until: None,
            failures_in_a_row: 0,
            turn: Turn::Any,
            failed_after_close: false,
        }
    }

    pub(super) fn run(mut self) {
        // Spans of the exporter itself must not be recorded, or each export would cause another.
        let (_suppressed, _own) = (suppress_tracing(), OwnThread::enter());
        let finish = Finish(Arc::clone(&self.shared));
        loop {
            match self.next() {
                Next::Housekeeping => self.housekeeping(),
                Next::Read(unread) => self.read(&unread),
                Next::Repeat(record) => self.repeat(record),
                Next::Memory(batch) => self.deliver(Source::Memory, &batch),
                Next::Stop => break,
            }
        }
        let last_call = Instant::now() + LAST_CALL;
        let deadline = self.shared.lock().deadline.map_or(last_call, |deadline| deadline.max(last_call));
        let exporter = &mut self.exporter;
        let _ = catch_unwind(AssertUnwindSafe(|| exporter.shutdown(deadline)));
        drop(self);
        drop(finish);
    }

    /// Waits for something to do.
    fn next(&mut self) -> Next {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        loop {
            let now = Instant::now();
            let is_last = self.failed_after_close || self.shared.config.disk_only_exit || state.is_over();
            if state.is_closed && is_last {
                return Next::Stop;
            }
            if now >= self.next_housekeeping {
                return Next::Housekeeping;
            }
            let paused = self.paused_until.filter(|until| *until > now && !state.is_closed);
            if paused.is_none() {
                // A shutdown does not wait for pauses.
                let due = if state.is_closed { now + Duration::from_secs(3600) } else { now };
                if let Some(next) = self.choose(&mut state, due) {
                    return next;
                }
                if state.is_closed && self.deferred.is_empty() {
                    return Next::Stop;
                }
            }
            let until = [paused, self.deferred.next_due().filter(|_| paused.is_none()), state.deadline];
            let until = until.into_iter().flatten().min().unwrap_or(self.next_housekeeping);
            let left = until.min(self.next_housekeeping).saturating_duration_since(now);
            state = shared.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Chooses what to deliver: what failed before, then what is only in memory, then what is on disk. After a batch
    /// that the receiver answered with an error, another kind has its turn.
    fn choose(&mut self, state: &mut super::shared::State, due: Instant) -> Option<Next> {
        let unread = state.log.next_unread().filter(|_| !self.deferred.is_full()).map(Next::Read);
        if self.turn != Turn::Any && unread.is_some() {
            return unread;
        }
        if let Some(record) = self.deferred.take_due(due) {
            return Some(Next::Repeat(record));
        }
        state.memory.begin_flight().map(Next::Memory).or(unread)
    }

    /// Takes over the spans of processes that ended, and drops spans that are too old.
    fn housekeeping(&mut self) {
        self.next_housekeeping = Instant::now() + HOUSEKEEPING;
        let config = &self.shared.config;
        let found = inherit(&config.storage, &config.directory, &self.left_alone);
        let inherited = found.segments.iter().map(|segment| segment.spans).sum();
        add(&self.shared.counters.inherited, inherited);
        if found.newer_files > 0 {
            add(&self.shared.counters.newer_files, found.newer_files);
            self.shared.reports.newer(&config.directory, found.newer_files);
        }
        if let Some(error) = &found.error {
            self.shared.reports.read_error(&config.directory, error);
        }
        self.left_alone.extend(found.left_alone);
        let mut state = self.shared.lock();
        state.log.inherit(found.segments);
        let expired = state.log.drop_expired(now_ms());
        self.shared.store_memory(&mut state, false);
        self.shared.update_level(&state);
        drop(state);
        self.expire(expired);
    }

    fn expire(&self, spans: u64) {
        if spans > 0 {
            self.shared.counters.count_lost(&self.shared.counters.dropped_expired, spans);
            self.shared.reports.expiry(spans, self.shared.config.max_age);
        }
    }

    /// Reads the next record and delivers it.
    fn read(&mut self, unread: &Unread) {
        let read = self.reader.next(unread);
        if !matches!(read, Read::Gone | Read::Later(_)) {
            self.shared.lock().log.advance(unread.segment, self.reader.position());
        }
        match read {
            Read::Record { offset, header } => {
                let attempts = 0;
                let backoff = Backoff::new();
                self.repeat(Record { segment: unread.segment, offset, header, backoff, attempts });
            }
            Read::Delivered => {}
            Read::Damage { spans } => self.damaged(&unread.path, spans),
            Read::Gone => {
                let spans = self.shared.lock().log.forget(unread.segment);
                self.damaged(&unread.path, u32::try_from(spans).ok());
            }
            Read::Later(error) => {
                self.shared.reports.read_error(&self.shared.config.directory, &error);
                self.paused_until = Some(Instant::now() + self.backoff.next(None));
            }
        }
        self.shared.update_level(&self.shared.lock());
        self.shared.progress.notify_all();
    }

    fn damaged(&self, path: &std::path::Path, spans: Option<u32>) {
        add(&self.shared.counters.damaged_records, 1);
        self.shared.counters.count_lost(&self.shared.counters.damaged_spans, u64::from(spans.unwrap_or(0)));
        self.shared.reports.damage(path, spans);
    }

    /// Delivers a record that is not delivered yet.
    fn repeat(&mut self, record: Record) {
        let (path, is_expired) = {
            let state = self.shared.lock();
            let Some(path) = state.log.path_of(record.segment) else { return };
            let written = record.header.written_at_ms;
            (path, state.log.is_expired(record.segment, written, now_ms()))
        };
        if is_expired {
            self.settle(&record);
            return self.expire(u64::from(record.header.spans));
        }
        match self.reader.body(&path, record.segment, record.offset, &record.header) {
            Ok(Some(body)) => {
                let batch = Batch::new(body, record.header.spans as usize);
                self.deliver(Source::Disk(record), &batch);
            }
            Ok(None) => {
                self.settle(&record);
                self.damaged(&path, Some(record.header.spans));
            }
            Err(error) => {
                self.shared.reports.read_error(&path, &error);
                self.put_back(Source::Disk(record), None, false);
            }
        }
    }

    fn deliver(&mut self, source: Source, batch: &Batch) {
        let spans = batch.span_count() as u64;
        let result = self.attempt(&source, batch);
        match result {
            Ok(exported) => {
                self.recover();
                self.shared.counters.count_delivered(spans, exported.rejected_spans);
                if exported.rejected_spans > 0 {
                    let destination = self.exporter.destination();
                    self.shared.reports.refusal(destination, exported.rejected_spans, &exported.message);
                }
                self.finish(&source);
            }
            Err(ExportError::Retryable { reason, after }) => {
                let is_unreachable = self.exporter.is_unreachable();
                let pause = self.put_back(source, after, is_unreachable);
                self.shared.reports.delivery(self.exporter.destination(), &reason, pause);
            }
            Err(error) => {
                self.recover();
                self.shared.counters.count_lost(&self.shared.counters.refused, spans);
                self.shared.reports.refusal(self.exporter.destination(), spans, &error.to_string());
                self.finish(&source);
            }
        }
        let mut state = self.shared.lock();
        state.log.set_in_flight(None);
        self.shared.update_level(&state);
        drop(state);
        self.shared.progress.notify_all();
    }

    fn attempt(&mut self, source: &Source, batch: &Batch) -> Result<Exported, ExportError> {
        let deadline = {
            let mut state = self.shared.lock();
            if let Source::Disk(record) = source {
                state.log.set_in_flight(Some((record.segment, batch.span_count() as u64)));
            }
            let timeout = after(self.shared.config.export_timeout);
            state.deadline.map_or(timeout, |deadline| deadline.min(timeout))
        };
        let exporter = &mut self.exporter;
        let attempt = || {
            let exported = Parts::new(batch.clone()).export(|part| exporter.export(part, deadline))?;
            // The record is removed after this, so a file or a queue behind the exporter must be durable.
            exporter.flush(deadline)?;
            Ok(exported)
        };
        catch_unwind(AssertUnwindSafe(attempt))
            .unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the exporter panicked".to_owned() }))
    }

    /// The receiver has answered.
    fn recover(&mut self) {
        self.failures_in_a_row = 0;
        self.turn = Turn::Any;
        self.paused_until = None;
        self.backoff.reset();
    }

    /// Keeps a batch for another attempt. Returns the pause before it.
    ///
    /// If the receiver answers a single batch with an error, only this batch waits, and others are sent. If the receiver cannot
    /// be reached, names a time, or refuses two batches in a row, all batches wait.
    fn put_back(&mut self, source: Source, asked: Option<Duration>, is_unreachable: bool) -> Duration {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.failed_after_close = self.shared.lock().is_closed;
        let rests = is_unreachable || asked.is_some() || self.failures_in_a_row >= 2;
        let may_be_the_batch = !is_unreachable && asked.is_none();
        let mut pause = Duration::ZERO;
        if rests {
            pause = self.backoff.next(asked);
            self.paused_until = Some(Instant::now() + pause);
        }
        match source {
            Source::Memory => {
                self.turn = if may_be_the_batch { Turn::AfterMemory } else { Turn::Any };
                self.shared.lock().memory.end_flight(false);
            }
            Source::Disk(mut record) => {
                self.turn = match may_be_the_batch && record.attempts > 0 {
                    true => Turn::AfterDeferred,
                    false => Turn::Any,
                };
                if !rests {
                    pause = record.backoff.next(None);
                }
                record.attempts = record.attempts.saturating_add(u32::from(may_be_the_batch));
                self.deferred.push(Instant::now() + pause, record);
            }
        }
        pause
    }

    fn finish(&mut self, source: &Source) {
        match source {
            Source::Memory => self.shared.lock().memory.end_flight(true),
            Source::Disk(record) => self.settle(record),
        }
    }

    /// Notes on disk that a record needs no further attempt.
    fn settle(&mut self, record: &Record) {
        let shared = &self.shared;
        let mut state = shared.lock();
        let spans = u64::from(record.header.spans);
        if let Err(error) = state.log.settle(record.segment, record.offset, spans) {
            add(&shared.counters.write_errors, 1);
            shared.reports.write_error(&shared.config.directory, &error);
        }
        shared.note_unsynced(&mut state);
        drop(state);
        match shared.config.fsync {
            Fsync::Always => shared.sync(),
            _ => shared.sync_work.notify_one(),
        }
    }
}
