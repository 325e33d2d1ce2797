//! A batch that the receiver does not take keeps no other batch waiting.

use tracing_core_lite::pipeline::{ExportError, Exported};

use crate::support::*;

#[test]
fn batches_behind_a_poisoned_one_are_delivered() {
    let (_directory, config) = settings();
    let receiver = Receiver::default();
    receiver.answers(|names| match names[0].starts_with("poison") {
        true => Err(busy()),
        false => Ok(Exported::default()),
    });
    let process = Process::start(&config, &receiver);
    let good = numbered("good", 10);
    for (number, name) in good.iter().enumerate() {
        if number % 4 == 1 {
            process.record(&[format!("poison {number}")]);
        }
        process.record(std::slice::from_ref(name));
    }
    receiver.wait_for(&good);
    assert_eq!(process.queue.stats().spans_on_disk, 3);
    receiver.is_up();
    wait("the poisoned batches", || receiver.names().len() == 13);
    assert_eq!(process.provider.stats().exported, 13);
    process.stop();
}

#[test]
fn a_batch_that_is_refused_for_good_is_dropped_and_counted() {
    let (_directory, config) = settings();
    let receiver = Receiver::default();
    receiver.answers(|names| match names[0].starts_with("bad") {
        true => Err(ExportError::Permanent { reason: "400".into() }),
        false => Ok(Exported::default()),
    });
    let process = Process::start(&config, &receiver);
    process.end("bad");
    let _ = process.provider.flush(SOON);
    let good = numbered("good", 3);
    for name in &good {
        process.end(name);
        let _ = process.provider.flush(SOON);
    }
    receiver.wait_for(&good);
    let stats = process.provider.stats();
    assert_eq!((stats.exported, stats.dropped_export_failed, stats.stored), (3, 1, 0));
    process.stop();
}

#[test]
fn a_partial_success_is_counted() {
    let (_directory, config) = settings();
    let receiver = Receiver::default();
    receiver.answers(|_| Ok(Exported::new(1, "one is too old")));
    let process = Process::start(&config, &receiver);
    ["a", "b", "c"].iter().for_each(|name| process.end(name));
    let _ = process.provider.shutdown(SOON);
    let stats = process.provider.stats();
    assert_eq!((stats.exported, stats.rejected), (2, 1));
}

#[test]
fn an_exporter_that_panics_does_not_end_the_queue() {
    let (_directory, config) = settings();
    let receiver = Receiver::default();
    receiver.answers(|names| match names[0].starts_with("panic") {
        true => panic!("this message is expected"),
        false => Ok(Exported::default()),
    });
    let process = Process::start(&config, &receiver);
    process.end("good");
    let _ = process.provider.flush(SOON);
    receiver.wait_for(&["good".to_owned()]);
    process.stop();
}
