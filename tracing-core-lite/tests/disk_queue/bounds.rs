//! The bounds of size and age hold, and what they drop is counted.

use std::time::Duration;

use tracing_core_lite::exporters::disk_queue::{DiskQueueConfig, WhenFull};

use crate::support::*;

/// A name of one kilobyte.
fn long(number: usize) -> String {
    format!("{number} {}", "x".repeat(1000))
}

fn fill(config: &DiskQueueConfig, count: usize) -> (Receiver, Process, tracing_core_lite::FlushError) {
    let receiver = Receiver::down();
    let process = Process::start(config, &receiver);
    let mut lost = None;
    for number in 0..count {
        process.end(&long(number));
        if let Err(error) = process.provider.flush(SOON) {
            lost = Some(error);
        }
    }
    (receiver, process, lost.unwrap())
}

#[test]
fn the_oldest_spans_are_dropped_first() {
    let (directory, config) = settings();
    let config = config.with_max_bytes(128 * 1024);
    let (receiver, process, _) = fill(&config, 300);
    let bytes: u64 = segments(directory.path()).iter().map(|it| it.metadata().unwrap().len()).sum();
    assert!(bytes <= 128 * 1024, "{bytes} bytes");
    let stats = process.queue.stats();
    assert_eq!(stats.bytes_on_disk, bytes);
    assert_eq!(stats.spans_on_disk + stats.dropped_full, 300);
    assert_eq!(process.provider.stats().dropped_queue_full, stats.dropped_full);
    assert!(stats.spans_on_disk > 60, "{stats:?}");
    process.stop();
    receiver.is_up();
    let process = Process::start(&config, &receiver);
    let kept: Vec<_> = (300 - usize::try_from(stats.spans_on_disk).unwrap()..300).map(long).collect();
    receiver.wait_for(&kept);
    process.stop();
}

#[test]
fn the_newest_spans_are_dropped_if_that_is_set() {
    let (_directory, config) = settings();
    let config = config.with_max_bytes(128 * 1024).with_when_full(WhenFull::DropNewest);
    let (receiver, process, _) = fill(&config, 200);
    let stats = process.queue.stats();
    assert_eq!(stats.spans_on_disk + stats.dropped_full, 200);
    process.stop();
    receiver.is_up();
    let process = Process::start(&config, &receiver);
    let kept: Vec<_> = (0..usize::try_from(stats.spans_on_disk).unwrap()).map(long).collect();
    receiver.wait_for(&kept);
    process.stop();
}

#[test]
fn spans_wait_in_memory_if_that_is_set() {
    let (_directory, config) = settings();
    let config = config
        .with_max_bytes(64 * 1024)
        .with_when_full(WhenFull::MemoryOnly)
        .with_max_memory_bytes(32 * 1024);
    let receiver = Receiver::down();
    let process = Process::start(&config, &receiver);
    (0..200).for_each(|number| process.end(&long(number)));
    let _ = process.provider.flush(Duration::from_millis(100));
    wait("all batches", || {
        let stats = process.queue.stats();
        stats.spans_on_disk + stats.spans_in_memory + stats.dropped_full == 200
    });
    let stats = process.queue.stats();
    assert!(stats.spans_on_disk > 40 && (10..40).contains(&stats.spans_in_memory), "{stats:?}");
    receiver.is_up();
    wait("the delivery", || process.queue.stats().delivered == 200 - stats.dropped_full);
    assert_eq!(process.provider.stats().exported, 200 - stats.dropped_full);
    process.stop();
}

#[test]
fn spans_that_are_too_old_are_dropped_and_counted() {
    let (_directory, config) = settings();
    let receiver = Receiver::down();
    let process = Process::start(&config, &receiver);
    process.record(&numbered("old", 5));
    process.stop();
    std::thread::sleep(Duration::from_millis(5));
    receiver.is_up();
    let process = Process::start(&config.with_max_age(Duration::from_millis(1)), &receiver);
    wait("the count", || process.queue.stats().dropped_expired == 5);
    assert_eq!(receiver.names(), [""; 0]);
    assert_eq!(process.provider.stats().dropped_export_failed, 5);
    process.stop();
}
