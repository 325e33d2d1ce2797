//! A disk that cannot be written costs no span while memory lasts, and needs no restart.

use std::fs;
use std::time::Duration;

use crate::support::*;

#[test]
fn spans_wait_in_memory_until_the_directory_can_be_written() {
    let (directory, config) = settings();
    // A file where the directory should be cannot be written even by root.
    let queue = directory.path().join("queue");
    fs::write(&queue, "").unwrap();
    let receiver = Receiver::down();
    let process = Process::start(&config, &receiver);
    for name in numbered("early", 3) {
        process.end(&name);
        assert!(process.provider.flush(Duration::from_millis(50)).is_err(), "they are not durable");
    }
    wait("all spans in memory", || process.queue.stats().spans_in_memory == 3);
    let stats = process.queue.stats();
    assert!(stats.spans_on_disk == 0 && stats.write_errors > 0, "{stats:?}");
    fs::remove_file(&queue).unwrap();
    process.record(&numbered("late", 2));
    assert_eq!(process.queue.stats().spans_on_disk, 5, "without a restart");
    process.stop();
    receiver.is_up();
    let process = Process::start(&config, &receiver);
    receiver.wait_for(&[numbered("early", 3), numbered("late", 2)].concat());
    process.stop();
}

#[test]
fn spans_are_delivered_from_memory_while_the_disk_cannot_be_written() {
    let (directory, config) = settings();
    fs::write(directory.path().join("queue"), "").unwrap();
    let receiver = Receiver::default();
    let process = Process::start(&config, &receiver);
    process.record(&numbered("span", 3));
    assert_eq!(receiver.names().len(), 3, "a flush waits for the delivery");
    assert_eq!(process.provider.shutdown(SOON), Ok(()));
}

#[test]
fn what_memory_cannot_hold_is_counted() {
    let (directory, config) = settings();
    fs::write(directory.path().join("queue"), "").unwrap();
    let receiver = Receiver::down();
    let process = Process::start(&config.with_max_memory_bytes(10_000), &receiver);
    (0..100).for_each(|number| process.end(&format!("{number} {}", "x".repeat(1000))));
    let _ = process.provider.flush(Duration::from_millis(50));
    wait("the counts", || {
        let stats = process.queue.stats();
        stats.dropped_full + stats.spans_in_memory == 100
    });
    assert!(process.queue.stats().dropped_full >= 90);
    assert_eq!(process.provider.stats().dropped_queue_full, process.queue.stats().dropped_full);
    let _ = process.provider.shutdown(Duration::from_millis(100));
    wait("the counts", || process.provider.stats().lost() == 100);
}

#[test]
fn a_directory_that_is_removed_is_created_again() {
    let (directory, config) = settings();
    let receiver = Receiver::down();
    let process = Process::start(&config, &receiver);
    process.record(&numbered("gone", 2));
    fs::remove_dir_all(directory.path().join("queue")).unwrap();
    receiver.is_up();
    wait("the next attempt", || {
        process.end("new");
        let _ = process.provider.flush(SOON);
        receiver.names().contains(&"new".to_owned())
    });
    process.stop();
}
