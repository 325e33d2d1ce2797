//! Damage loses only the records that it touches.

use std::fs;

use crate::support::*;

/// Writes ten batches, applies `damage` to the segment, and returns what a new process delivers and counts.
fn after(damage: impl Fn(&mut Vec<u8>)) -> (Vec<String>, u64, u64) {
    let (directory, config) = settings();
    let receiver = Receiver::down();
    let process = Process::start(&config, &receiver);
    let mut names = numbered("span", 9);
    process.record(&names);
    process.stop();
    let segment = segments(directory.path()).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    damage(&mut bytes);
    fs::write(&segment, bytes).unwrap();
    receiver.is_up();
    let process = Process::start(&config, &receiver);
    process.end("last");
    // It reports the lost records.
    let _ = process.provider.flush(SOON);
    names.push("last".to_owned());
    wait("the last span", || receiver.names().contains(&"last".to_owned()));
    let stats = process.queue.stats();
    process.stop();
    assert_eq!(segments(directory.path()).len(), 0, "nothing is left");
    let received = receiver.names();
    assert!(received.iter().all(|name| names.contains(name)), "nothing corrupt arrives: {received:?}");
    (received, stats.damaged_records, stats.damaged_spans)
}

/// Returns the offsets of the records.
fn records(bytes: &[u8]) -> Vec<usize> {
    bytes.windows(4).enumerate().filter(|(_, window)| window == b"SPAN").map(|(offset, _)| offset).collect()
}

#[test]
fn a_tail_that_is_cut_off_loses_one_record() {
    for cut in [1, 39, 41, 60] {
        let (received, records, _) = after(|bytes| bytes.truncate(bytes.len() - cut));
        assert_eq!((received.len(), records), (9, 1), "{cut} bytes are missing");
    }
}

#[test]
fn a_tail_of_zeros_loses_one_record() {
    let (received, damaged, _) = after(|bytes| {
        let last = *records(bytes).last().unwrap();
        bytes[last..].fill(0);
    });
    assert_eq!((received.len(), damaged), (9, 1));
}

#[test]
fn a_damaged_record_is_skipped() {
    for at in [0, 6, 20, 38, 45, 100] {
        let (received, damaged, spans) = after(|bytes| {
            let third = records(bytes)[2];
            bytes[third + at] ^= 0x10;
        });
        assert_eq!((received.len(), damaged), (9, 1), "byte {at} of the record");
        assert!(!received.contains(&"span 2".to_owned()));
        assert_eq!(spans, u64::from(at >= 40), "known if the header is whole");
    }
}

#[test]
fn a_damaged_file_header_loses_nothing() {
    let (received, ..) = after(|bytes| bytes[..8].fill(0));
    assert_eq!(received.len(), 10);
}

#[test]
fn files_of_a_newer_version_are_left_alone_and_counted() {
    let (directory, config) = settings();
    let process = Process::start(&config, &Receiver::down());
    process.record(&numbered("span", 3));
    process.stop();
    let segment = segments(directory.path()).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[8] = 2;
    fs::write(&segment, &bytes).unwrap();
    let receiver = Receiver::default();
    let process = Process::start(&config, &receiver);
    wait("the count", || process.queue.stats().newer_files == 1);
    process.record(&["new".to_owned()]);
    receiver.wait_for(&["new".to_owned()]);
    process.stop();
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever is in the files, nothing panics, and spans that follow are delivered.
    #[test]
    fn foreign_bytes_are_survived(
        segment in proptest::collection::vec(proptest::num::u8::ANY, 0..3000),
        delivered in proptest::collection::vec(proptest::num::u8::ANY, 0..100),
        has_header in proptest::bool::ANY,
    ) {
        let (directory, config) = settings();
        let there = directory.path().join("queue").join("000000000000-1-00000000");
        fs::create_dir_all(&there).unwrap();
        let header: &[u8] = if has_header { b"TSQUEUE\n\x01\0\0\0\0\0\0\0" } else { &[] };
        fs::write(there.join("000000000000.spans"), [header, &segment].concat()).unwrap();
        fs::write(there.join("000000000000.delivered"), delivered).unwrap();
        let receiver = Receiver::default();
        let process = Process::start(&config, &receiver);
        process.end("new");
        let _ = process.provider.shutdown(SOON);
        proptest::prop_assert_eq!(receiver.names(), ["new"]);
    }
}
