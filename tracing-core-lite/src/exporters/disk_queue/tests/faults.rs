//! Disks that fail while they are written to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{Receiver, SOON, batch};
use crate::exporters::disk_queue::storage::{FileSystem, Storage, WriteFile};
use crate::exporters::disk_queue::{DiskQueueConfig, Fsync};
use crate::pipeline::Exporter;

#[derive(Debug, Clone, Default)]
struct Failing {
    /// Writes put half of their bytes into the file and fail.
    writes: Arc<AtomicBool>,
    truncation: Arc<AtomicBool>,
    syncs: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FailingFile(Arc<dyn WriteFile>, Failing);

impl Storage for Failing {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        FileSystem.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>> {
        Ok(Arc::new(FailingFile(FileSystem.create(path)?, self.clone())))
    }

    fn append_to(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>> {
        Ok(Arc::new(FailingFile(FileSystem.append_to(path)?, self.clone())))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        FileSystem.sync_dir(path)
    }
}

impl WriteFile for FailingFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        if self.1.writes.load(Ordering::Relaxed) {
            self.0.append(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.append(bytes)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        if self.1.truncation.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Other.into());
        }
        self.0.truncate(len)
    }

    fn sync(&self) -> io::Result<()> {
        if self.1.syncs.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Other.into());
        }
        self.0.sync()
    }
}

#[test]
fn a_write_that_fails_midway_loses_nothing() {
    for truncation_fails in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let failing = Failing::default();
        failing.truncation.store(truncation_fails, Ordering::Relaxed);
        let receiver = Receiver::default();
        receiver.set_down(true);
        let config = DiskQueueConfig::new(directory.path()).with_storage(Arc::new(failing.clone()));
        let mut queue = config.wrap(receiver);
        for number in 0..9 {
            failing.writes.store(number % 3 == 1, Ordering::Relaxed);
            queue.export(&batch(number), Instant::now() + SOON).unwrap();
        }
        failing.writes.store(false, Ordering::Relaxed);
        queue.flush(Instant::now() + SOON).unwrap();
        assert_eq!(queue.monitor().stats().spans_on_disk, 9);
        queue.shutdown(Instant::now() + SOON).unwrap();
        drop(queue);

        let receiver = Receiver::default();
        let mut queue = DiskQueueConfig::new(directory.path()).wrap(receiver.clone());
        queue.shutdown(Instant::now() + SOON).unwrap();
        let mut received = receiver.received();
        received.sort_unstable();
        assert_eq!(received, (0..9).collect::<Vec<_>>(), "truncation fails: {truncation_fails}");
    }
}

#[test]
fn a_flush_that_cannot_sync_is_not_ok() {
    let directory = tempfile::tempdir().unwrap();
    let failing = Failing::default();
    let receiver = Receiver::default();
    receiver.set_down(true);
    let config = DiskQueueConfig::new(directory.path())
        .with_fsync(Fsync::Every(std::time::Duration::from_secs(3600)))
        .with_storage(Arc::new(failing.clone()));
    let mut queue = config.wrap(receiver);
    queue.export(&batch(1), Instant::now() + SOON).unwrap();
    failing.syncs.store(true, Ordering::Relaxed);
    assert!(queue.flush(Instant::now() + SOON).is_err());
    failing.syncs.store(false, Ordering::Relaxed);
    queue.export(&batch(2), Instant::now() + SOON).unwrap();
    assert!(queue.flush(Instant::now() + SOON).is_ok());
    assert_eq!(queue.monitor().stats().write_errors, 1);
}
