//! What a power failure leaves is enough to recover all that was acknowledged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::recording::{Change, Recording, rebuild};
use super::{Receiver, SOON, batch, wait};
use crate::exporters::disk_queue::{DiskQueueConfig, Fsync};
use crate::pipeline::{Batch, ExportError, Exported, Exporter};

const POINTS: usize = 200;

/// Notes what the receiver accepts.
struct Noting(Receiver, Recording);

impl Exporter for Noting {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let exported = self.0.export(batch, deadline)?;
        let number = batch.request().first_chunk::<4>().copied().unwrap();
        self.1.note(Change::Delivered(u32::from_le_bytes(number)));
        Ok(exported)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Exports batches for a while, with a receiver that comes and goes. Returns all changes and the directory.
fn record(fsync: Fsync, batches: u32, pause: Duration) -> (tempfile::TempDir, Recording) {
    let directory = tempfile::tempdir().unwrap();
    let recording = Recording::default();
    let receiver = Receiver::default();
    let config = DiskQueueConfig::new(directory.path())
        .with_fsync(fsync)
        .with_max_bytes(1024 * 1024)
        .with_storage(Arc::new(recording.clone()));
    let mut queue = config.wrap(Noting(receiver.clone(), recording.clone()));
    for number in 0..batches {
        receiver.set_down(number % 100 >= 30);
        queue.export(&batch(number), Instant::now() + SOON).unwrap();
        recording.note(Change::Exported(number));
        std::thread::sleep(pause);
    }
    (directory, recording)
}

/// Cuts the power at many points, and checks that what was exported `before` then is recovered or was delivered.
fn check(directory: &tempfile::TempDir, recording: &Recording, before: Duration) {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let changes = recording.changes.lock().unwrap().clone();
    for _ in 0..POINTS {
        let changes = &changes[..random.usize(1..=changes.len())];
        let cut = changes.last().unwrap().0;
        let to = tempfile::tempdir().unwrap();
        rebuild(changes, directory.path(), to.path(), &mut random);
        let receiver = Receiver::default();
        let mut queue = DiskQueueConfig::new(to.path()).wrap(receiver.clone());
        queue.shutdown(Instant::now() + SOON).unwrap();
        let mut arrived: BTreeSet<u32> = receiver.received().into_iter().collect();
        let mut expected = BTreeSet::new();
        for (at, change) in changes {
            match change {
                Change::Delivered(number) => {
                    arrived.insert(*number);
                }
                Change::Exported(number) if *at + before <= cut => {
                    expected.insert(*number);
                }
                _ => {}
            }
        }
        let lost: Vec<_> = expected.difference(&arrived).collect();
        assert!(lost.is_empty(), "seed {seed}, {} changes: lost {lost:?}", changes.len());
    }
}

#[test]
fn nothing_exported_is_lost_if_each_batch_is_synced() {
    let (directory, recording) = record(Fsync::Always, 300, Duration::ZERO);
    check(&directory, &recording, Duration::ZERO);
}

#[test]
fn nothing_older_than_the_interval_is_lost() {
    let interval = Duration::from_millis(400);
    let (directory, recording) = record(Fsync::Every(interval), 400, Duration::from_millis(3));
    check(&directory, &recording, interval);
}

#[test]
fn a_flush_syncs() {
    let directory = tempfile::tempdir().unwrap();
    let recording = Recording::default();
    let receiver = Receiver::default();
    receiver.set_down(true);
    let config = DiskQueueConfig::new(directory.path())
        .with_fsync(Fsync::Every(Duration::from_secs(3600)))
        .with_storage(Arc::new(recording.clone()));
    let mut queue = config.wrap(receiver);
    for number in 0..100 {
        queue.export(&batch(number), Instant::now() + SOON).unwrap();
        if number % 10 == 9 {
            queue.flush(Instant::now() + SOON).unwrap();
            (number - 9..=number).for_each(|number| recording.note(Change::Exported(number)));
        }
    }
    check(&directory, &recording, Duration::ZERO);
}

#[test]
fn the_recording_notices_what_is_not_synced() {
    let (directory, recording) = record(Fsync::Never, 50, Duration::ZERO);
    let changes = recording.changes.lock().unwrap().clone();
    wait("a point at which something is lost", || {
        let to = tempfile::tempdir().unwrap();
        rebuild(&changes, directory.path(), to.path(), &mut fastrand::Rng::new());
        let receiver = Receiver::default();
        let mut queue = DiskQueueConfig::new(to.path()).wrap(receiver.clone());
        queue.shutdown(Instant::now() + SOON).unwrap();
        receiver.received().len() < 20
    });
}
