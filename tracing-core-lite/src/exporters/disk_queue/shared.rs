//! The state that the stage and the threads of a queue share.

use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flate2::write::DeflateEncoder;

use super::config::{Compression, DiskQueueConfig, Fsync};
use super::log::{AppendError, Log};
use super::memory::Memory;
use super::record::{Encoding, MAX_BODY, RECORD_HEADER, RecordHeader};
use super::reports::Reports;
use super::stats::{Counters, add};
use crate::pipeline::Batch;

/// The pause after a failed attempt to write.
const RETRY_DISK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: DiskQueueConfig,
    pub(super) counters: Counters,
    pub(super) reports: Reports,
    state: Mutex<State>,
    /// Wakes the thread that delivers.
    pub(super) work: Condvar,
    /// Wakes the callers that wait for deliveries.
    pub(super) progress: Condvar,
    /// Wakes the thread that syncs.
    pub(super) sync_work: Condvar,
    /// Held during a sync, so that a flush waits for one that has begun.
    syncing: Mutex<()>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) log: Log,
    pub(super) memory: Memory,
    pub(super) is_closed: bool,
    /// The deadline of the shutdown.
    pub(super) deadline: Option<Instant>,
    /// Whether the thread that delivers has ended.
    pub(super) is_finished: bool,
    pub(super) unsynced_since: Option<Instant>,
    /// Whether a sync failed since the last flush.
    sync_failed: bool,
    /// When the disk is written to again after a failure.
    retry_disk_at: Option<Instant>,
    buffer: Vec<u8>,
}

impl State {
    /// Returns whether the deadline of the shutdown has passed.
    pub(super) fn is_over(&self) -> bool {
        self.is_closed && self.deadline.is_none_or(|deadline| Instant::now() >= deadline)
    }
}

pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    pub(super) fn new(config: DiskQueueConfig) -> Self {
        let state = State {
            log: Log::new(config.clone()),
            memory: Memory::default(),
            is_closed: false,
            deadline: None,
            is_finished: false,
            unsynced_since: None,
            sync_failed: false,
            retry_disk_at: None,
            buffer: Vec::new(),
        };
        Self {
            config,
            counters: Counters::default(),
            reports: Reports::default(),
            state: Mutex::new(state),
            work: Condvar::new(),
            progress: Condvar::new(),
            sync_work: Condvar::new(),
            syncing: Mutex::new(()),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn update_level(&self, state: &State) {
        self.counters.set_level(state.log.spans(), state.log.bytes(), state.memory.spans() as u64);
    }

    /// Writes a batch to the disk, or keeps it in memory, or drops and counts it.
    pub(super) fn accept(&self, batch: &Batch) {
        let mut state = self.lock();
        self.store_memory(&mut state, false);
        let outcome = match state.memory.is_empty() {
            true => self.store(&mut state, batch),
            false => Err(AppendError::Full),
        };
        match outcome {
            Ok(()) => {}
            Err(AppendError::Full) if !self.config.waits_in_memory() && state.memory.is_empty() => {
                self.counters.count_full(batch.span_count() as u64);
                self.reports.full(&self.config.directory, batch.span_count());
            }
            Err(_) => self.keep(&mut state, batch),
        }
        self.update_level(&state);
        drop(state);
        self.work.notify_one();
        self.sync_work.notify_one();
    }

    fn keep(&self, state: &mut State, batch: &Batch) {
        if !state.memory.push(batch, self.config.max_memory_bytes) {
            self.counters.count_full(batch.span_count() as u64);
            self.reports.full(&self.config.directory, batch.span_count());
        }
    }

    /// Writes the batches in memory to the disk. After a failure this waits for a while unless it `must` be attempted.
    pub(super) fn store_memory(&self, state: &mut State, must: bool) {
        if !must && state.retry_disk_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        state.retry_disk_at = None;
        while let Some(batch) = state.memory.next_to_store().cloned() {
            if self.store(state, &batch).is_err() {
                return;
            }
            state.memory.remove_stored();
        }
    }

    fn store(&self, state: &mut State, batch: &Batch) -> Result<(), AppendError> {
        if state.retry_disk_at.is_some() {
            return Err(AppendError::Io(std::io::ErrorKind::WouldBlock.into()));
        }
        let mut buffer = std::mem::take(&mut state.buffer);
        let result = match encode(batch, self.config.compression, &mut buffer) {
            Some(header) => state.log.append(header, &mut buffer),
            None => Err(AppendError::Full),
        };
        // A batch can be far larger than most.
        buffer.shrink_to(1024 * 1024);
        state.buffer = buffer;
        match result {
            Ok(dropped) => {
                if dropped > 0 {
                    self.counters.count_full(dropped);
                    self.reports.full(&self.config.directory, usize::try_from(dropped).unwrap_or(usize::MAX));
                }
                self.note_unsynced(state);
                Ok(())
            }
            Err(AppendError::Io(error)) => {
                add(&self.counters.write_errors, 1);
                state.retry_disk_at = Some(Instant::now() + RETRY_DISK);
                self.reports.write_error(&self.config.directory, &error);
                Err(AppendError::Io(error))
            }
            Err(full) => Err(full),
        }
    }

    pub(super) fn note_unsynced(&self, state: &mut State) {
        if self.config.fsync != Fsync::Never && state.unsynced_since.is_none() && state.log.has_unsynced() {
            state.unsynced_since = Some(Instant::now());
        }
    }

    /// Syncs all that was written before the call.
    pub(super) fn sync(&self) {
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let unsynced = {
            let mut state = self.lock();
            state.unsynced_since = None;
            state.log.take_unsynced()
        };
        if unsynced.is_empty() {
            return;
        }
        add(&self.counters.syncs, unsynced.files.len() as u64);
        let storage = &self.config.storage;
        let files = unsynced.files.iter().try_for_each(|file| file.sync());
        let result = files.and_then(|()| {
            unsynced.directory.as_deref().map_or(Ok(()), |directory| storage.sync_dir(directory))
        });
        if let Err(error) = result {
            add(&self.counters.write_errors, 1);
            self.reports.write_error(&self.config.directory, &error);
            let mut state = self.lock();
            state.sync_failed = true;
            // The operating system forgets which pages it failed to write: nothing may be added to this file.
            state.log.seal();
            state.log.put_back(unsynced);
            self.note_unsynced(&mut state);
        }
    }

    /// Returns whether a sync failed since the last call.
    pub(super) fn take_sync_failed(&self) -> bool {
        std::mem::take(&mut self.lock().sync_failed)
    }

    /// Waits until `done` or the deadline. Returns whether it is done.
    pub(super) fn wait_until(&self, deadline: Instant, done: impl Fn(&State) -> bool) -> bool {
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.progress.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Writes the record of a batch to `buffer`. Returns `None` if it is too long.
fn encode(batch: &Batch, compression: Compression, buffer: &mut Vec<u8>) -> Option<RecordHeader> {
    buffer.clear();
    buffer.resize(RECORD_HEADER, 0);
    if batch.request_len() > MAX_BODY {
        return None;
    }
    let encoding = match compression {
        Compression::None => {
            batch.slices().for_each(|slice| buffer.extend_from_slice(slice));
            Encoding::Plain
        }
        Compression::Deflate => {
            let mut encoder = DeflateEncoder::new(&mut *buffer, flate2::Compression::fast());
            batch.slices().try_for_each(|slice| encoder.write_all(slice)).ok()?;
            encoder.finish().ok()?;
            Encoding::Deflate
        }
    };
    let body = &buffer[RECORD_HEADER..];
    Some(RecordHeader {
        body_len: u32::try_from(body.len()).ok()?,
        spans: u32::try_from(batch.span_count()).ok()?,
        encoding,
        written_at_ms: now_ms(),
        sequence: 0,
        body_crc: crc32fast::hash(body),
    })
}
