//! A file of records, and the file beside it that says which of them are delivered.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::directory::Directory;
use super::record;
use super::storage::{Storage, WriteFile};

#[derive(Debug)]
pub(super) struct Segment {
    /// Unique in this process.
    pub(super) id: u64,
    pub(super) path: PathBuf,
    /// Keeps the directory locked.
    _directory: Arc<Directory>,
    /// The bytes that hold complete records.
    pub(super) len: u64,
    /// How far the delivery has read.
    pub(super) read_to: u64,
    /// What was written or found, and is neither delivered nor dropped.
    pub(super) records: u64,
    pub(super) spans: u64,
    /// When this process began it. `None` for one of an earlier process.
    pub(super) began: Option<Instant>,
    /// The time of the last record, in milliseconds since the Unix epoch.
    pub(super) written_at_ms: u64,
    /// Whether no more records will be appended.
    pub(super) is_sealed: bool,
    /// The file, in the process that writes it.
    pub(super) file: Option<Arc<dyn WriteFile>>,
    acks: Option<Arc<dyn WriteFile>>,
}

/// The extension of segments.
pub(super) const SEGMENT: &str = "spans";
/// The extension of the file with the delivered records of a segment.
pub(super) const DELIVERED: &str = "delivered";

/// Returns the name of a segment. Names sort by number.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:012x}.{SEGMENT}")
}

impl Segment {
    pub(super) fn new(id: u64, path: PathBuf, directory: Arc<Directory>) -> Self {
        Self {
            id,
            path,
            _directory: directory,
            len: 0,
            read_to: 0,
            records: 0,
            spans: 0,
            began: None,
            written_at_ms: 0,
            is_sealed: true,
            file: None,
            acks: None,
        }
    }

    /// Returns whether nothing is left to deliver.
    pub(super) fn is_done(&self) -> bool {
        self.is_sealed && self.records == 0 && self.read_to >= self.len
    }

    /// Writes that the record at `offset` needs no delivery any more. Returns the file, which is to be synced.
    pub(super) fn settle(
        &mut self,
        storage: &dyn Storage,
        offset: u64,
        spans: u64,
    ) -> io::Result<Arc<dyn WriteFile>> {
        self.records = self.records.saturating_sub(1);
        self.spans = self.spans.saturating_sub(spans);
        let acks = match &self.acks {
            Some(acks) => Arc::clone(acks),
            None => {
                let acks = storage.append_to(&self.acks_path())?;
                Arc::clone(self.acks.insert(acks))
            }
        };
        acks.append(&record::encode_ack(offset))?;
        Ok(acks)
    }

    /// Returns whether `file` is one of the two files.
    pub(super) fn has_file(&self, file: &Arc<dyn WriteFile>) -> bool {
        [&self.file, &self.acks].into_iter().flatten().any(|own| Arc::ptr_eq(own, file))
    }

    pub(super) fn acks_path(&self) -> PathBuf {
        self.path.with_extension(DELIVERED)
    }

    /// Removes both files. It is no error if they are missing.
    pub(super) fn remove(&self, storage: &dyn Storage) -> io::Result<()> {
        let removed = |result: io::Result<()>| match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        // The segment comes first: without its delivered records it would be delivered again.
        removed(storage.remove(&self.path))?;
        removed(storage.remove(&self.acks_path()))
    }
}
