//! Processes that are killed, or whose disk is full, lose no span that was acknowledged.
//!
//! `DISK_QUEUE_KILLS=200` kills at 200 moments instead of a few.
#![cfg(all(unix, feature = "disk-queue", feature = "otlp-http", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing_core_lite::cardinality::NameLimits;
use tracing_core_lite::exporters::disk_queue::{DiskQueueConfig, DiskQueueMonitor, Fsync};
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::BatchLimits;
use tracing_core_lite::span::data::ResourceSpans;
use tracing_core_lite::testing::FakeOtlp;
use tracing_core_lite::{Context, TracerProvider};

const SOON: Duration = Duration::from_secs(30);
/// Nothing listens on this port of the loopback interface.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The variable that makes a test of this binary the child process of another.
const ROLE: &str = "DISK_QUEUE_TEST_ROLE";
const DIRECTORY: &str = "DISK_QUEUE_TEST_DIRECTORY";
const ENDPOINT: &str = "DISK_QUEUE_TEST_ENDPOINT";
const PREFIX: &str = "DISK_QUEUE_TEST_PREFIX";

fn spawn(role: &str, directory: &Path, endpoint: &str, prefix: &str) -> Child {
    // A shell ignores SIGXFSZ for the child, so that a write beyond the limit is an error.
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--nocapture"])
        .env(ROLE, role)
        .env(DIRECTORY, directory)
        .env(ENDPOINT, endpoint)
        .env(PREFIX, prefix)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The children of the other tests. Does nothing when it runs as a test.
#[test]
fn child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let variable = |name| std::env::var(name).unwrap();
    let config = DiskQueueConfig::new(variable(DIRECTORY)).with_fsync(Fsync::Never);
    let exporter = OtlpConfig::new().with_endpoint(variable(ENDPOINT)).build().unwrap();
    let queue = config.wrap(exporter);
    let monitor = queue.monitor();
    let limits = BatchLimits::default().with_max_export_batch_size(50);
    let provider = TracerProvider::builder()
        .with_batch_limits(limits)
        // Each span has a name of its own.
        .with_name_limits(NameLimits::off())
        .with_exporter(queue)
        .build()
        .unwrap();
    match role.as_str() {
        "works" => work(&provider, &variable(PREFIX)),
        "drains" => drain(&monitor),
        "fills the disk" => fill(&provider, &monitor),
        "becomes another program" => become_another(&provider),
        other => panic!("no role {other}"),
    }
    let _ = provider.shutdown(SOON);
}

fn end(provider: &TracerProvider, name: &str) {
    provider.tracer("test").span(name).with_parent(&Context::new()).start().end();
}

/// Ends spans forever, and prints the name of the last one of each flush that returned `Ok`.
fn work(provider: &TracerProvider, prefix: &str) {
    for number in 0_u64.. {
        end(provider, &format!("{prefix} {number}"));
        if number % 20 == 19 && provider.flush(SOON).is_ok() {
            println!("acknowledged {number}");
            std::io::stdout().flush().unwrap();
        }
    }
}

/// Flushes some spans, and replaces this program by another in the same process.
fn become_another(provider: &TracerProvider) {
    for number in 0..30 {
        end(provider, &format!("span {number}"));
    }
    provider.flush(SOON).unwrap();
    // Reports its open files, and stays.
    let report = "ls -l /proc/$$/fd; echo replaced; exec sleep 600";
    panic!("{}", Command::new("sh").args(["-c", report]).exec());
}

/// Waits until everything is delivered.
fn drain(monitor: &DiskQueueMonitor) {
    let deadline = Instant::now() + SOON;
    // The first look at the directory may find nothing yet.
    while monitor.stats().inherited == 0 || monitor.stats().spans_on_disk > 0 {
        assert!(Instant::now() < deadline, "{:?}", monitor.stats());
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("damaged {}", monitor.stats().damaged_records);
}

fn limit_files(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
}

/// Writes until a file reaches its limit, goes on, and lifts the limit.
fn fill(provider: &TracerProvider, monitor: &DiskQueueMonitor) {
    limit_files(Some(100 * 1024));
    for number in 0..300 {
        end(provider, &format!("{number} {}", "x".repeat(1000)));
        let _ = provider.flush(Duration::from_millis(1));
    }
    let deadline = Instant::now() + SOON;
    let wait = |done: &dyn Fn() -> bool| {
        while !done() {
            assert!(Instant::now() < deadline, "{:?}", monitor.stats());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait(&|| monitor.stats().spans_on_disk + monitor.stats().spans_in_memory == 300);
    let stats = monitor.stats();
    assert!(stats.spans_on_disk > 20 && stats.spans_in_memory > 20 && stats.write_errors > 0, "{stats:?}");
    limit_files(None);
    assert_eq!(provider.flush(SOON), Ok(()), "without a restart");
    assert_eq!((monitor.stats().spans_on_disk, provider.stats().lost()), (300, 0));
    println!("recovered");
}

/// What the ledger of a child says: the number of the last acknowledged span.
fn read_ledger(child: &mut Child, until: u64) -> Option<u64> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = None;
    let mut left = until;
    for line in lines.map_while(Result::ok) {
        let number = line.split("acknowledged ").nth(1).and_then(|number| number.parse().ok());
        acknowledged = number.or(acknowledged);
        if number.is_some() {
            match left.checked_sub(1) {
                Some(fewer) => left = fewer,
                None => break,
            }
        }
        if left == 0 {
            // A moment that has nothing to do with the flush.
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..3000)));
            let _ = child.kill();
        }
    }
    let _ = child.kill();
    child.wait().unwrap();
    acknowledged
}

fn kills() -> usize {
    std::env::var("DISK_QUEUE_KILLS").map_or(8, |number| number.parse().unwrap())
}

/// Kills processes that share a directory, starts one that drains it, and returns how often each span arrived.
fn kill_and_drain(endpoint: &str, receiver: &FakeOtlp) -> BTreeMap<String, usize> {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Vec::new();
    for number in 0..kills() {
        let prefix = format!("process {number}");
        let mut child = spawn("works", directory.path(), endpoint, &prefix);
        let acknowledged = read_ledger(&mut child, fastrand::u64(1..10));
        ledger.extend(
            acknowledged.into_iter().flat_map(|last| (0..=last).map(|it| (number, it)).collect::<Vec<_>>()),
        );
    }
    assert!(ledger.len() >= 20 * kills(), "the processes acknowledged spans");
    let mut child = spawn("drains", directory.path(), &receiver.url(), "");
    let mut output = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut output).unwrap();
    assert!(child.wait().unwrap().success(), "{output}");
    let mut arrived = BTreeMap::new();
    for request in receiver.requests() {
        for name in names_of(request.spans.expect("no request is corrupt")) {
            *arrived.entry(name).or_insert(0) += 1;
        }
    }
    let lost: Vec<_> = ledger
        .iter()
        .map(|(process, span)| format!("process {process} {span}"))
        .filter(|name| !arrived.contains_key(name))
        .collect();
    assert!(lost.is_empty(), "{} of {} spans are lost: {lost:?}", lost.len(), ledger.len());
    arrived
}

fn names_of(spans: Vec<ResourceSpans>) -> Vec<String> {
    let scopes = spans.into_iter().flat_map(|it| it.scope_spans);
    scopes.flat_map(|it| it.spans).map(|span| span.name).collect()
}

#[test]
fn processes_that_are_killed_while_the_backend_is_down_lose_nothing() {
    let receiver = FakeOtlp::start().unwrap();
    let arrived = kill_and_drain(NOWHERE, &receiver);
    assert!(arrived.values().all(|count| *count == 1), "nothing arrives twice");
}

#[test]
fn processes_that_are_killed_while_they_deliver_repeat_one_batch_at_most() {
    let receiver = FakeOtlp::start().unwrap();
    kill_and_drain(&receiver.url(), &receiver);
    let mut seen = BTreeSet::new();
    let mut repeated = 0;
    for request in receiver.requests() {
        let names = names_of(request.spans.unwrap());
        repeated += usize::from(names.iter().any(|name| seen.contains(name)));
        seen.extend(names);
    }
    assert!(repeated <= kills(), "{repeated} batches are repeated after {} kills", kills());
}

#[test]
fn a_program_that_becomes_another_leaves_its_spans_to_the_next_process() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = spawn("becomes another program", directory.path(), NOWHERE, "");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let report: Vec<String> = lines.take_while(|line| line != "replaced").collect();
    let open: Vec<_> =
        report.iter().filter(|line| line.contains(directory.path().to_str().unwrap())).collect();
    assert!(open.is_empty(), "the other program has files of the queue: {open:?}");

    let receiver = FakeOtlp::start().unwrap();
    let mut drains = spawn("drains", directory.path(), &receiver.url(), "");
    assert!(drains.wait().unwrap().success(), "it can lock the directory");
    assert_eq!(receiver.spans().len(), 30);
    assert!(child.try_wait().unwrap().is_none(), "the process still runs, as another program");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_full_disk_loses_nothing_while_memory_lasts_and_needs_no_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = spawn("fills the disk", directory.path(), NOWHERE, "");
    let mut output = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut output).unwrap();
    assert!(output.contains("recovered"), "{output}");
    assert!(child.wait().unwrap().success(), "{output}");
    let receiver = FakeOtlp::start().unwrap();
    let mut child = spawn("drains", directory.path(), &receiver.url(), "");
    assert!(child.wait().unwrap().success());
    assert_eq!(receiver.spans().len(), 300);
}
