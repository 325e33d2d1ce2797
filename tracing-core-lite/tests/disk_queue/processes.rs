//! Several processes share a directory.

use crate::support::*;

#[test]
fn each_process_has_its_own_sub_directory() {
    let (directory, config) = settings();
    let receivers = [Receiver::down(), Receiver::down()];
    let processes = receivers.each_ref().map(|receiver| Process::start(&config, receiver));
    processes.iter().enumerate().for_each(|(number, it)| it.record(&numbered(&format!("{number}"), 5)));
    let segments = segments(directory.path());
    assert_eq!(segments.len(), 2);
    assert_ne!(segments[0].parent(), segments[1].parent());
    for (process, receiver) in processes.into_iter().zip(&receivers) {
        receiver.is_up();
        wait("its own spans", || receiver.names().len() == 5);
        process.stop();
    }
}

#[test]
fn a_running_process_takes_over_from_one_that_ends() {
    let (_directory, config) = settings();
    let old = Process::start(&config, &Receiver::down());
    let receiver = Receiver::default();
    let new = Process::start(&config, &receiver);
    let left = numbered("left", 5);
    old.record(&left);
    new.record(&["new".to_owned()]);
    receiver.wait_for(&["new".to_owned()]);
    old.stop();
    receiver.wait_for(&[left, vec!["new".to_owned()]].concat());
    assert_eq!(new.queue.stats().inherited, 5);
    new.stop();
}

#[test]
fn directories_of_others_are_left_alone() {
    let (directory, config) = settings();
    let foreign = directory.path().join("queue").join("lost+found");
    std::fs::create_dir_all(&foreign).unwrap();
    let receiver = Receiver::default();
    let process = Process::start(&config, &receiver);
    process.record(&["span".to_owned()]);
    receiver.wait_for(&["span".to_owned()]);
    process.stop();
    assert!(files(&foreign).is_empty() && foreign.is_dir());
}
