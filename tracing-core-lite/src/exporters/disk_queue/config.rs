//! The settings of a disk queue.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::storage::{FileSystem, Storage};

/// When written spans are synced, so that they survive a power failure. They survive the end of the process in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fsync {
    /// Before the export of a batch returns.
    Always,
    /// At the latest when this time has passed since they were written, and in each flush. The default is 1 s.
    Every(Duration),
    /// When the operating system chooses. A flush then promises only that the spans survive the end of the process.
    Never,
}

/// How spans are compressed on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all. This is the default.
    #[default]
    None,
    /// DEFLATE at its fastest level. Takes more CPU time, in the export thread, and about a fifth of the space.
    Deflate,
}

/// What happens to a batch for which the queue has no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// The oldest spans are dropped, one segment at a time. This is the default.
    #[default]
    DropOldest,
    /// The new batch is dropped.
    DropNewest,
    /// The new batch waits in memory, up to [`DiskQueueConfig::with_max_memory_bytes`], and is dropped beyond that.
    MemoryOnly,
}

/// The settings of a [`DiskQueue`](super::DiskQueue).
///
/// | setting | default |
/// |---|---|
/// | [`with_max_bytes`](Self::with_max_bytes) | 512 MiB |
/// | [`with_max_age`](Self::with_max_age) | 24 hours |
/// | [`with_fsync`](Self::with_fsync) | every second |
/// | [`with_compression`](Self::with_compression) | none |
/// | [`with_when_full`](Self::with_when_full) | drop the oldest |
/// | [`with_max_memory_bytes`](Self::with_max_memory_bytes) | 32 MiB |
/// | [`with_export_timeout`](Self::with_export_timeout) | 30 s |
/// | [`with_disk_only_exit`](Self::with_disk_only_exit) | false |
#[derive(Debug, Clone)]
#[must_use = "the queue is built by `wrap`"]
pub struct DiskQueueConfig {
    pub(super) directory: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) max_age: Duration,
    pub(super) fsync: Fsync,
    pub(super) compression: Compression,
    pub(super) when_full: WhenFull,
    pub(super) max_memory_bytes: usize,
    pub(super) export_timeout: Duration,
    pub(super) disk_only_exit: bool,
    pub(super) storage: Arc<dyn Storage>,
}

impl DiskQueueConfig {
    /// Creates the default settings of a queue in `directory`. Several processes may use the same directory.
    pub fn new(directory: impl AsRef<Path>) -> Self {
        Self {
            directory: directory.as_ref().to_owned(),
            max_bytes: 512 * 1024 * 1024,
            max_age: Duration::from_secs(24 * 60 * 60),
            fsync: Fsync::Every(Duration::from_secs(1)),
            compression: Compression::None,
            when_full: WhenFull::DropOldest,
            max_memory_bytes: 32 * 1024 * 1024,
            export_timeout: Duration::from_secs(30),
            disk_only_exit: false,
            storage: Arc::new(FileSystem),
        }
    }

    /// Sets how many bytes the files of this process may take, including those that it has taken over from processes
    /// that ended. At least 64 KiB.
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes.max(64 * 1024);
        self
    }

    /// Sets how old spans may become on disk. Older ones are dropped and counted instead of delivered.
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets when written spans are synced.
    pub fn with_fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Sets how spans are compressed on disk. The exporter receives them uncompressed.
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets what happens to a batch for which the queue has no room.
    pub fn with_when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Sets how many bytes of spans wait in memory while the disk is full or cannot be written.
    pub fn with_max_memory_bytes(mut self, max_memory_bytes: usize) -> Self {
        self.max_memory_bytes = max_memory_bytes;
        self
    }

    /// Sets how long one attempt to deliver a batch may take.
    pub fn with_export_timeout(mut self, export_timeout: Duration) -> Self {
        self.export_timeout = export_timeout;
        self
    }

    /// Sets whether a shutdown leaves the delivery of what is on disk to the next process. It is otherwise attempted
    /// until the shutdown timeout, after the spans were synced.
    pub fn with_disk_only_exit(mut self, disk_only_exit: bool) -> Self {
        self.disk_only_exit = disk_only_exit;
        self
    }

    /// Returns the size at which a segment ends: a small part of the whole, because the oldest spans are dropped by
    /// segment.
    pub(super) fn segment_bytes(&self) -> u64 {
        (self.max_bytes / 16).clamp(16 * 1024, 8 * 1024 * 1024)
    }

    /// Returns whether batches for which there is no room on disk wait in memory.
    pub(super) fn waits_in_memory(&self) -> bool {
        self.when_full == WhenFull::MemoryOnly
    }

    #[cfg(test)]
    pub(super) fn with_storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = storage;
        self
    }
}
