//! Spans outlive the process and the receiver's absence.

use tracing_core_lite::exporters::disk_queue::{Compression, Fsync};

use crate::support::*;

#[test]
fn a_new_process_delivers_what_the_last_one_could_not_and_in_order() {
    for (fsync, compression) in [
        (Fsync::Never, Compression::None),
        (Fsync::Always, Compression::None),
        (Fsync::Every(std::time::Duration::from_secs(1)), Compression::Deflate),
    ] {
        let (_directory, config) = settings();
        let config = config.with_fsync(fsync).with_compression(compression);
        let receiver = Receiver::down();
        let first = Process::start(&config, &receiver);
        let expected = numbered("early", 20);
        first.record(&expected);
        assert_eq!(first.provider.stats().stored, 20);
        assert_eq!(first.provider.shutdown(SOON), Ok(()), "they are on disk: not lost");
        assert_eq!((receiver.names().len(), first.provider.stats().lost()), (0, 0));

        receiver.is_up();
        let second = Process::start(&config, &receiver);
        receiver.wait_for(&expected);
        assert_eq!(receiver.names(), expected, "in order");
        assert_eq!(second.queue.stats().inherited, 20);
        let more = numbered("late", 3);
        second.record(&more);
        receiver.wait_for(&[expected, more].concat());
        second.stop();
        assert_eq!(files(config_directory(&_directory).as_path()), [""; 0].map(std::path::PathBuf::from));
    }
}

fn config_directory(directory: &tempfile::TempDir) -> std::path::PathBuf {
    directory.path().join("queue")
}

#[test]
fn delivered_batches_are_not_delivered_again() {
    let (_directory, config) = settings();
    let receiver = Receiver::default();
    receiver.answers(|names| if names[0].starts_with("held") { Err(busy()) } else { Ok(Default::default()) });
    let first = Process::start(&config, &receiver);
    let delivered = numbered("delivered", 10);
    first.record(&delivered);
    receiver.wait_for(&delivered);
    let held = numbered("held", 2);
    first.record(&held);
    first.stop();

    receiver.is_up();
    let second = Process::start(&config, &receiver);
    receiver.wait_for(&[delivered, held].concat());
    second.stop();
    let third = Process::start(&config, &receiver);
    third.record(&["last".to_owned()]);
    wait("the last span", || receiver.names().len() == 13);
    third.stop();
}

#[test]
fn a_shutdown_delivers_unless_it_is_for_the_disk_only() {
    let (_directory, config) = settings();
    let receiver = Receiver::default();
    let process = Process::start(&config, &receiver);
    process.end("delivered");
    process.stop();
    assert_eq!(receiver.names(), ["delivered"]);

    let process = Process::start(&config.clone().with_disk_only_exit(true), &Receiver::down());
    process.end("on disk");
    process.provider.shutdown(SOON).unwrap();
    assert_eq!((process.provider.stats().stored, process.provider.stats().lost()), (1, 0));
    let process = Process::start(&config, &receiver);
    receiver.wait_for(&["delivered".to_owned(), "on disk".to_owned()]);
    process.stop();
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, config) = settings();
    let process = Process::start(&config, &Receiver::down());
    process.record(&numbered("secret", 2));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let queue = config_directory(&directory);
    let files = files(&queue);
    assert!(files.len() >= 2, "a segment and a lock: {files:?}");
    for path in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
    assert_eq!(mode(&queue), 0o700);
    process.stop();
}
