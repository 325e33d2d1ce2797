//! One process joins, and one is killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::broker::{Writer, topic, unique};
use super::process::{Group, Process, sum, until};
use super::receiver::{Arrived, Receiver};
use super::traces::{self, Trace};

const PENDING: &str = "tail_sampler_pending_traces";
const UNACKNOWLEDGED: &str = "tail_sampler_kafka_unacknowledged_traces";
const ASSIGNED: &str = "tail_sampler_kafka_assigned_partitions";
const RECEIVED: &str = "tail_sampler_spans_total";
const PARTITIONS: i32 = 8;

type Traces = BTreeMap<Vec<u8>, Arrived>;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_joins_and_one_is_killed() {
    let (count, seconds) = (setting("KAFKA_TRACES", 4000), setting("KAFKA_SECONDS", 10));
    // Of the traces of 4 s that a third of the group has at a time.
    let least = (count / seconds).min(1000);
    let spans = topic("group-spans", PARTITIONS).await;
    let (receiver, url) = Receiver::start().await;
    let group = Group { topic: spans.clone(), name: unique("disturbed"), receiver: url };
    let (first, second) = (Process::start(&group, 2), Process::start(&group, 2));
    until_assigned(&[&first, &second], |assigned| assigned > 0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (written, stopped) = (spans.clone(), Arc::clone(&stop));
    let writer =
        std::thread::spawn(move || traces::write(&Writer::new(&written), count / seconds, count, &stopped));
    let processes = disturb(&receiver, &group, first, second, least).await;
    stop.store(true, Ordering::Release);
    let count = writer.join().unwrap();
    until_all_decided(&receiver, &processes.iter().collect::<Vec<_>>()).await;
    let disturbed = receiver.traces();
    for process in processes {
        process.stop().await;
    }
    let undisturbed = undisturbed_run(&spans).await;
    compare(&disturbed, &undisturbed, count);
}

/// Waits until at least `least` traces are undecided, and as many decided but not acknowledged.
pub(crate) async fn until_busy(processes: &[&Process], least: u64) {
    until("undecided and unacknowledged traces", async || {
        sum(processes, PENDING).await >= least && sum(processes, UNACKNOWLEDGED).await >= least
    })
    .await;
}

pub(crate) async fn until_assigned(processes: &[&Process], each: impl Fn(u64) -> bool) {
    until("assignment", async || {
        let mut assigned = Vec::new();
        for process in processes {
            assigned.push(process.metric(ASSIGNED).await);
        }
        assigned.iter().sum::<u64>() == PARTITIONS as u64 && assigned.into_iter().all(&each)
    })
    .await;
}

/// A third process joins, and then the first is killed. Returns the other two.
async fn disturb(
    receiver: &Receiver,
    group: &Group,
    first: Process,
    second: Process,
    least: u64,
) -> Vec<Process> {
    receiver.refuse(true);
    until_busy(&[&first, &second], least).await;
    let third = Process::start(group, 2);
    until_assigned(&[&first, &second, &third], |assigned| assigned > 0).await;
    until_busy(&[&first, &second, &third], least).await;
    receiver.refuse(false);
    until("acknowledgements", async || sum(&[&first, &second, &third], UNACKNOWLEDGED).await < least).await;

    receiver.refuse(true);
    until_busy(&[&first], least).await;
    first.kill();
    until_assigned(&[&second, &third], |assigned| assigned > 0).await;
    until_busy(&[&second, &third], least).await;
    receiver.refuse(false);
    vec![second, third]
}

async fn undisturbed_run(spans: &str) -> Traces {
    let (receiver, url) = Receiver::start().await;
    let group = Group { topic: spans.to_owned(), name: unique("undisturbed"), receiver: url };
    let process = Process::start(&group, 2);
    until_all_decided(&receiver, &[&process]).await;
    process.stop().await;
    receiver.traces()
}

/// Waits until every span was read, decided and sent.
pub(crate) async fn until_all_decided(receiver: &Receiver, processes: &[&Process]) {
    let mut last = (0, 0, std::time::Instant::now());
    until("the end", async || {
        let (received, arrived) = (sum(processes, RECEIVED).await, receiver.spans());
        if received == 0 || (received, arrived) != (last.0, last.1) {
            last = (received, arrived, std::time::Instant::now());
        }
        let waiting = sum(processes, PENDING).await + sum(processes, UNACKNOWLEDGED).await;
        let lag = sum(processes, "tail_sampler_kafka_lag_records").await;
        waiting == 0 && lag == 0 && last.2.elapsed() > Duration::from_secs(6)
    })
    .await;
}

fn compare(disturbed: &Traces, undisturbed: &Traces, count: u64) {
    let (mut kept, mut budgeted, mut late) = (0, 0, 0);
    for trace in (0..count).map(Trace) {
        let id = trace.id().to_bytes().to_vec();
        let (with, without) = (disturbed.get(&id), undisturbed.get(&id));
        assert_eq!(with, without, "trace {} was decided differently", trace.0);
        let Some(arrived) = with else {
            assert!(!trace.is_failed() && !trace.is_slow(), "trace {} was lost", trace.0);
            continue;
        };
        assert_eq!(arrived.spans, trace.spans(), "trace {} is not whole", trace.0);
        assert_eq!(arrived.policies.len(), 1, "trace {}: {:?}", trace.0, arrived.policies);
        kept += 1;
        late += u64::from(trace.has_late_span());
        budgeted += u64::from(arrived.policies.contains("budget"));
    }
    let marked = (0..count).map(Trace).filter(|trace| trace.is_marked()).count() as u64;
    assert!(kept > count / 10 && kept < count / 2, "{kept}");
    assert!(late > count / 200, "{late}");
    assert!(
        budgeted > marked / 20 && budgeted < marked * 9 / 10,
        "the budget must decide: {budgeted} of {marked}"
    );
    assert_eq!(disturbed.len() as u64, kept, "an unknown trace has arrived");
}
