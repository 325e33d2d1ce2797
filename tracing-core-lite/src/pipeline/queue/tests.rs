use std::time::{Duration, Instant};

use super::{Queue, Requests, WakeAt};
use crate::buffer::{Chunk, FlushError, Intake};
use crate::pipeline::BatchLimits;

const SOON: Duration = Duration::from_secs(10);

fn queue_of(max_queue_size: usize) -> Queue {
    let limits = BatchLimits { max_queue_size, max_export_batch_size: 100, ..BatchLimits::default() };
    Queue::new(limits.normalized())
}

fn hand_over(queue: &Queue, spans: usize) {
    let mut chunk = Chunk::default();
    (0..spans).for_each(|_| chunk.push(0, |bytes, tag| bytes.push(tag)));
    assert!(queue.hand_over(&mut chunk));
}

/// Runs `work` while the export thread waits. Returns what woke the thread, and after what time.
fn woken(queue: &Queue, wake_at: WakeAt, work: impl FnOnce()) -> (Requests, Duration) {
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| queue.wait(Instant::now() + SOON, wake_at, Requests::default()));
        while queue.lock().wake_at.is_none() {
            std::thread::yield_now();
        }
        let start = Instant::now();
        work();
        (waits.join().unwrap(), start.elapsed())
    })
}

#[test]
fn a_full_batch_wakes_the_export_thread_once() {
    let queue = queue_of(10_000);
    let (requests, time) = woken(&queue, WakeAt::Due, || {
        hand_over(&queue, 99);
        assert!(queue.lock().wake_at.is_some(), "not for less than a batch");
        hand_over(&queue, 1);
    });
    assert!(time < SOON && requests == Requests::default());
    assert!(queue.lock().wake_at.is_none(), "a busy thread needs no wake-up");
}

#[test]
fn a_resting_thread_is_not_woken_before_a_quarter_of_the_queue_is_full() {
    let queue = queue_of(10_000);
    let (_, time) = woken(&queue, WakeAt::Pressing, || {
        (0..24).for_each(|_| hand_over(&queue, 100));
        assert!(queue.is_due());
        assert!(queue.lock().wake_at.is_some());
        hand_over(&queue, 100);
    });
    assert!(time < SOON);
}

#[test]
fn a_flush_and_the_shutdown_end_a_rest() {
    let queue = queue_of(10_000);
    let past = Instant::now();
    let (requests, time) =
        woken(&queue, WakeAt::Pressing, || assert_eq!(queue.flush(past), Err(FlushError::Timeout)));
    assert!(time < SOON && requests.flush == 1 && !requests.closed);
    let queue = queue_of(10_000);
    let (requests, time) =
        woken(&queue, WakeAt::Pressing, || assert_eq!(queue.close(past), Err(FlushError::Timeout)));
    assert!(time < SOON && requests.closed);
}

#[test]
fn a_queue_of_one_batch_is_due_at_its_half() {
    let queue = queue_of(100);
    hand_over(&queue, 49);
    assert!(!queue.is_due());
    hand_over(&queue, 1);
    assert!(queue.is_due());
}

#[test]
fn bytes_make_a_batch_due_as_well() {
    let limits = BatchLimits { max_batch_bytes: 1000, ..BatchLimits::default() };
    let queue = Queue::new(limits.normalized());
    hand_over(&queue, 1);
    assert!(!queue.is_due());
    let mut chunk = Chunk::default();
    chunk.push(0, |bytes, _| bytes.extend_from_slice(&[0; 1000]));
    assert!(queue.hand_over(&mut chunk));
    assert!(queue.is_due());
}
