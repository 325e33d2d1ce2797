//! Files that earlier releases wrote are read. `fixtures/v1` was written by the first release with a disk queue.

use std::path::Path;
use std::time::Duration;

use crate::support::*;

#[test]
fn files_of_the_first_version_are_read() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk_queue/fixtures/v1");
    let (directory, config) = settings();
    let there = directory.path().join("queue").join("000000000000-1-00000000");
    std::fs::create_dir_all(&there).unwrap();
    for path in files(&fixture) {
        std::fs::copy(&path, there.join(path.file_name().unwrap())).unwrap();
    }
    let receiver = Receiver::default();
    let config = config.with_max_age(Duration::from_secs(u64::from(u32::MAX)));
    let process = Process::start(&config, &receiver);
    // "span 1" was delivered before. The first four are plain, the others compressed.
    let expected = ["span 0", "span 2", "span 3", "span 4", "span 5"].map(str::to_owned);
    receiver.wait_for(&expected);
    let stats = process.queue.stats();
    assert_eq!((stats.inherited, stats.damaged_records, stats.newer_files), (5, 0, 0));
    process.stop();
}
