//! The segments that this process holds: those that it writes, and those of processes that ended.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::{DiskQueueConfig, Fsync, WhenFull};
use super::directory::Directory;
use super::record::{FILE_HEADER, RECORD_HEADER, RecordHeader, file_header};
use super::segment::{Segment, file_name};
use super::storage::WriteFile;

/// Why a record was not written.
#[derive(Debug)]
pub(super) enum AppendError {
    /// There is no room for it.
    Full,
    Io(io::Error),
}

impl From<io::Error> for AppendError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Where the next unread records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) segment: u64,
    pub(super) path: PathBuf,
    pub(super) from: u64,
    pub(super) to: u64,
    /// Whether an earlier process wrote it, which may have delivered some of its records.
    pub(super) is_inherited: bool,
}

/// What must be synced.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    pub(super) files: Vec<Arc<dyn WriteFile>>,
    pub(super) directory: Option<PathBuf>,
}

impl Unsynced {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directory.is_none()
    }
}

#[derive(Debug)]
pub(super) struct Log {
    config: DiskQueueConfig,
    /// The sub-directory that this process writes to.
    own: Option<Arc<Directory>>,
    /// Oldest first. The active one is the last.
    segments: VecDeque<Segment>,
    active: Option<Arc<dyn WriteFile>>,
    next_number: u64,
    next_sequence: u64,
    next_id: u64,
    bytes: u64,
    unsynced: Unsynced,
    /// The record that is being delivered: its segment and its spans.
    in_flight: Option<(u64, u64)>,
}

impl Log {
    pub(super) fn new(config: DiskQueueConfig) -> Self {
        Self {
            config,
            own: None,
            segments: VecDeque::new(),
            active: None,
            next_number: 0,
            next_sequence: 0,
            next_id: 0,
            bytes: 0,
            unsynced: Unsynced::default(),
            in_flight: None,
        }
    }

    /// Returns the bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the number of spans that are neither delivered nor dropped.
    pub(super) fn spans(&self) -> u64 {
        self.segments.iter().map(|segment| segment.spans).sum()
    }

    /// Appends a record. `buffer` has room for the header, and then the body. Returns the number of spans that were
    /// dropped to make room.
    pub(super) fn append(&mut self, mut header: RecordHeader, buffer: &mut [u8]) -> Result<u64, AppendError> {
        let len = buffer.len() as u64;
        let dropped = self.make_room(len)?;
        header.sequence = self.next_sequence;
        buffer[..RECORD_HEADER].copy_from_slice(&header.encode());
        let file = self.active_file(len)?;
        let Some(segment) = self.segments.back_mut() else { return Err(AppendError::Full) };
        if let Err(error) = file.append(buffer) {
            // After the partial record is removed, the segment can be continued.
            if file.truncate(segment.len).is_err() {
                self.seal();
            }
            return Err(error.into());
        }
        segment.len += len;
        segment.records += 1;
        segment.spans += u64::from(header.spans);
        segment.written_at_ms = header.written_at_ms;
        self.bytes += len;
        self.next_sequence += 1;
        self.note_unsynced(file);
        Ok(dropped)
    }

    fn note_unsynced(&mut self, file: Arc<dyn WriteFile>) {
        if self.config.fsync != Fsync::Never
            && !self.unsynced.files.iter().any(|other| Arc::ptr_eq(other, &file))
        {
            self.unsynced.files.push(file);
        }
    }

    fn make_room(&mut self, len: u64) -> Result<u64, AppendError> {
        let mut dropped = 0;
        while self.bytes + len > self.config.max_bytes {
            if self.config.when_full != WhenFull::DropOldest || self.segments.is_empty() {
                return Err(AppendError::Full);
            }
            if self.segments.len() == 1 {
                self.seal();
            }
            dropped += self.drop_front()?;
        }
        Ok(dropped)
    }

    /// Drops the oldest segment. Returns the number of its spans, without those that are being delivered.
    fn drop_front(&mut self) -> io::Result<u64> {
        let Some(segment) = self.segments.pop_front() else { return Ok(0) };
        if let Err(error) = segment.remove(&*self.config.storage) {
            self.segments.push_front(segment);
            return Err(error);
        }
        self.bytes -= segment.len.min(self.bytes);
        self.unsynced.files.retain(|file| !segment.has_file(file));
        let in_flight = self.in_flight.filter(|(id, _)| *id == segment.id).map_or(0, |(_, spans)| spans);
        Ok(segment.spans.saturating_sub(in_flight))
    }

    /// Drops the segments whose records are all older than the age bound. Returns the number of their spans.
    pub(super) fn drop_expired(&mut self, now_ms: u64) -> u64 {
        let mut dropped = 0;
        while let Some(segment) = self.segments.front() {
            let age = self.config.max_age;
            if !segment.is_sealed
                || segment.records == 0
                || !is_expired(segment.began, segment.written_at_ms, now_ms, age)
            {
                break;
            }
            match self.drop_front() {
                Ok(spans) => dropped += spans,
                Err(_) => break,
            }
        }
        dropped
    }

    /// Returns whether a record is older than the age bound.
    pub(super) fn is_expired(&self, segment: u64, written_at_ms: u64, now_ms: u64) -> bool {
        let segment = self.segments.iter().find(|it| it.id == segment);
        segment.is_some_and(|it| is_expired(it.began, written_at_ms, now_ms, self.config.max_age))
    }

    /// Returns the file for a record of `len` bytes, and begins a new segment if that is necessary.
    fn active_file(&mut self, len: u64) -> io::Result<Arc<dyn WriteFile>> {
        if let (Some(file), Some(segment)) = (&self.active, self.segments.back()) {
            if segment.len + len <= self.config.segment_bytes() || segment.len <= FILE_HEADER as u64 {
                return Ok(Arc::clone(file));
            }
            self.seal();
        }
        let storage = Arc::clone(&self.config.storage);
        let own = match self.own.take().filter(|own| own.path().is_dir()) {
            Some(own) => own,
            None => Arc::new(Directory::create(&storage, &self.config.directory)?),
        };
        self.own = Some(Arc::clone(&own));
        let path = own.path().join(file_name(self.next_number));
        let file = storage.create(&path)?;
        if let Err(error) = file.append(&file_header()) {
            let _ = storage.remove(&path);
            return Err(error);
        }
        self.unsynced.directory = Some(own.path().to_owned());
        let mut segment = Segment::new(self.next_id, path, own);
        segment.len = FILE_HEADER as u64;
        segment.began = Some(Instant::now());
        segment.is_sealed = false;
        segment.file = Some(Arc::clone(&file));
        self.bytes += segment.len;
        self.active = Some(Arc::clone(&file));
        self.segments.push_back(segment);
        self.next_number += 1;
        self.next_id += 1;
        Ok(file)
    }

    /// Ends the active segment.
    pub(super) fn seal(&mut self) {
        if let (Some(_), Some(segment)) = (self.active.take(), self.segments.back_mut()) {
            segment.is_sealed = true;
        }
        self.remove_done();
    }

    /// Adds the segments of a process that ended, in front of those of this process.
    pub(super) fn inherit(&mut self, segments: Vec<Segment>) {
        let is_inherited = |segment: &Segment| segment.began.is_none();
        let own = self.segments.iter().take_while(|segment| is_inherited(segment)).count();
        for (at, mut segment) in (own..).zip(segments) {
            segment.id = self.next_id;
            self.next_id += 1;
            self.bytes += segment.len;
            self.segments.insert(at, segment);
        }
    }

    /// Returns where the next unread records are, in order.
    pub(super) fn next_unread(&self) -> Option<Unread> {
        let segment = self.segments.iter().find(|segment| segment.read_to < segment.len)?;
        Some(Unread {
            segment: segment.id,
            path: segment.path.clone(),
            from: segment.read_to,
            to: segment.len,
            is_inherited: segment.began.is_none(),
        })
    }

    /// Forgets a segment whose file is gone. Returns the number of its spans.
    pub(super) fn forget(&mut self, segment: u64) -> u64 {
        let Some(at) = self.segments.iter().position(|it| it.id == segment) else { return 0 };
        if at + 1 == self.segments.len() {
            self.active = None;
        }
        let segment = self.segments.remove(at);
        self.bytes -= segment.as_ref().map_or(0, |segment| segment.len).min(self.bytes);
        segment.map_or(0, |segment| segment.spans)
    }

    /// Returns the path of a segment, unless it was dropped.
    pub(super) fn path_of(&self, segment: u64) -> Option<PathBuf> {
        self.segments.iter().find(|it| it.id == segment).map(|it| it.path.clone())
    }

    /// Notes that the records of a segment before `position` were read.
    pub(super) fn advance(&mut self, segment: u64, position: u64) {
        if let Some(segment) = self.segments.iter_mut().find(|it| it.id == segment) {
            segment.read_to = segment.read_to.max(position);
        }
        self.remove_done();
    }

    /// Notes that a record is being delivered.
    pub(super) fn set_in_flight(&mut self, record: Option<(u64, u64)>) {
        self.in_flight = record;
    }

    /// Notes that a record was delivered or dropped.
    pub(super) fn settle(&mut self, segment: u64, offset: u64, spans: u64) -> io::Result<()> {
        let storage = Arc::clone(&self.config.storage);
        let Some(segment) = self.segments.iter_mut().find(|it| it.id == segment) else { return Ok(()) };
        let acks = segment.settle(&*storage, offset, spans);
        self.remove_done();
        self.note_unsynced(acks?);
        Ok(())
    }

    fn remove_done(&mut self) {
        let storage = &*self.config.storage;
        let mut freed = 0;
        self.segments.retain(|segment| {
            if !segment.is_done() || segment.remove(storage).is_err() {
                return true;
            }
            freed += segment.len;
            self.unsynced.files.retain(|file| !segment.has_file(file));
            false
        });
        self.bytes = self.bytes.saturating_sub(freed);
    }

    /// Closes all files, and releases the directories.
    pub(super) fn release(&mut self) {
        self.active = None;
        self.segments.clear();
        self.own = None;
    }

    /// Returns what was written since the last call.
    pub(super) fn take_unsynced(&mut self) -> Unsynced {
        std::mem::take(&mut self.unsynced)
    }

    /// Puts back what could not be synced.
    pub(super) fn put_back(&mut self, unsynced: Unsynced) {
        unsynced.files.into_iter().for_each(|file| self.note_unsynced(file));
        self.unsynced.directory = self.unsynced.directory.take().or(unsynced.directory);
    }

    pub(super) fn has_unsynced(&self) -> bool {
        !self.unsynced.is_empty()
    }
}

/// The clock of the system may be set while a segment is written. Spans of this process are therefore not older than the
/// segment that they are in.
fn is_expired(began: Option<Instant>, written_at_ms: u64, now_ms: u64, max_age: Duration) -> bool {
    let by_clock = Duration::from_millis(now_ms.saturating_sub(written_at_ms)) > max_age;
    by_clock && began.is_none_or(|began| began.elapsed() > max_age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_clock_ages_no_span_of_this_process() {
        const AGE: Duration = Duration::from_secs(60);
        const WRITTEN: u64 = 1_800_000_000_000;
        let (just, long_ago) = (Instant::now(), Instant::now().checked_sub(AGE * 2));
        assert!(long_ago.is_some(), "the machine runs for two minutes");
        for (name, began, now, expected) in [
            ("no step", Some(just), WRITTEN + 1, false),
            ("a day forward", Some(just), WRITTEN + 86_400_000, false),
            ("a day back", Some(just), WRITTEN - 86_400_000, false),
            ("as old as both clocks say", long_ago, WRITTEN + 120_000, true),
            ("a day back, and old", long_ago, WRITTEN - 86_400_000, false),
            ("of an earlier process", None, WRITTEN + 120_000, true),
            ("of an earlier process, and young", None, WRITTEN + 1, false),
            ("of an earlier process, a day back", None, WRITTEN - 86_400_000, false),
        ] {
            assert_eq!(is_expired(began, WRITTEN, now, AGE), expected, "{name}");
        }
    }
}
