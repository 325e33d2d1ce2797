//! Processes of two versions in one group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::broker::{Writer, topic, unique};
use super::disturbed::{until_all_decided, until_assigned, until_busy};
use super::process::{Group, Process};
use super::receiver::Receiver;
use super::traces::{self, Trace};

const TRACES: u64 = 2400;
const RATE: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn an_older_and_a_newer_process_follow_each_others_decisions() {
    let spans = topic("versions-spans", 8).await;
    let written = spans.clone();
    let (receiver, url) = Receiver::start().await;
    let group = Group { topic: spans, name: unique("versions"), receiver: url };
    let (older, newer) = (Process::start(&group, 1), Process::start(&group, 2));
    until_assigned(&[&older, &newer], |assigned| assigned > 0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writer = std::thread::spawn(move || traces::write(&Writer::new(&written), RATE, TRACES, &stopped));
    receiver.refuse(true);
    until_busy(&[&newer], RATE / 3).await;
    // A still newer program, whose records cannot be read, and something foreign.
    let foreign = Writer::new(&format!("{}.decisions", group.name));
    let unreadable = Trace(u64::MAX >> 1).id().to_string();
    foreign.write(unreadable.as_bytes(), &[0x08, 9, 0x10, 9], 1);
    foreign.write(b"order-4711", b"{}", 1);
    foreign.flush();
    newer.kill();
    until_assigned(&[&older], |assigned| assigned == 8).await;
    let another = Process::start(&group, 2);
    until_assigned(&[&older, &another], |assigned| assigned > 0).await;
    receiver.refuse(false);
    stop.store(true, Ordering::Release);
    let count = writer.join().unwrap();
    let processes = [&older, &another];
    until_all_decided(&receiver, &processes).await;
    let unreadable = super::process::sum(&processes, "tail_sampler_kafka_unreadable_decisions_total").await;
    assert!(unreadable >= 2, "{unreadable}");
    let arrived = receiver.traces();
    for trace in (0..count).map(Trace) {
        let Some(arrived) = arrived.get(trace.id().to_bytes().as_slice()) else {
            assert!(!trace.is_failed() && !trace.is_slow(), "trace {} was lost", trace.0);
            continue;
        };
        assert_eq!(arrived.spans, trace.spans(), "trace {} is not whole", trace.0);
        assert_eq!(arrived.policies.len(), 1, "trace {}: {:?}", trace.0, arrived.policies);
    }
    another.stop().await;
    older.stop().await;
}
