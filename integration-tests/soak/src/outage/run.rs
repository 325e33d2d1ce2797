//! A run from the outage to the end of the backlog.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::disk_queue::{DiskQueueConfig, DiskQueueMonitor};
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::BatchLimits;

use super::producer::produce;
use crate::harness::{Sample, Verdict, free_ports};

const MAX_DISK_BYTES: u64 = 4 << 30;
const MAX_MEMORY_BYTES: usize = 32 << 20;
/// What the process takes besides the spans that wait in memory: the program, thread buffers and batches under way.
const PROGRAM_KIB: u64 = 96 * 1024;
const SAMPLE_INTERVAL: Duration = Duration::from_millis(500);
const DRAIN_TIME: Duration = Duration::from_secs(900);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);
/// How much faster than the incoming spans the backlog has to shrink.
const FACTOR: f64 = 3.0;

/// The receiver, a process of its own. Dropping it ends it.
struct Sink(Child);

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The most that was observed.
#[derive(Debug, Default)]
struct Peak {
    resident_kib: u64,
    disk_bytes: u64,
}

impl Peak {
    fn observe(&mut self, queue: &Path) {
        let sample = Sample::take(std::process::id());
        self.resident_kib = self.resident_kib.max(sample.map_or(0, |sample| sample.resident_kib));
        self.disk_bytes = self.disk_bytes.max(size_of(queue));
    }
}

/// Runs `soak outage SECONDS RATE FOLDER`. Returns whether it passed.
pub(crate) fn run(seconds: &str, rate: &str, folder: &str) -> Result<bool, Box<dyn Error>> {
    let (outage, rate): (u64, u64) = (seconds.parse()?, rate.parse()?);
    let folder = PathBuf::from(folder);
    let (queue, counts) = (folder.join("queue"), folder.join("received"));
    fs::create_dir_all(&folder)?;
    let port = free_ports(1)?[0];
    let disk_queue = DiskQueueConfig::new(&queue)
        .with_max_bytes(MAX_DISK_BYTES)
        .with_max_memory_bytes(MAX_MEMORY_BYTES)
        .wrap(OtlpConfig::new().with_endpoint(format!("http://127.0.0.1:{port}")).build()?);
    let monitor = disk_queue.monitor();
    let limits = BatchLimits::default().with_max_queue_size(20_000);
    let provider = TracerProvider::builder().with_exporter(disk_queue).with_batch_limits(limits).build()?;
    let (stop, ended) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut verdict = Verdict::default();
    let mut peak = Peak::default();
    println!("{rate} spans per second; the receiver is down for {outage} s");
    thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        scope.spawn(|| produce(&provider, rate, &stop, &ended));
        let outcome = (|| {
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(outage) {
                peak.observe(&queue);
                thread::sleep(SAMPLE_INTERVAL);
            }
            let mut command = Command::new(std::env::current_exe()?);
            let sink = Sink(command.arg("sink").arg(port.to_string()).arg(&counts).spawn()?);
            let drained = drain(&monitor, &ended, &queue, &mut peak);
            Ok::<_, Box<dyn Error>>((sink, drained))
        })();
        stop.store(true, Ordering::Relaxed);
        let (_sink, drained) = outcome?;
        let flushed = provider.flush(FLUSH_TIMEOUT);
        let closed = provider.shutdown(FLUSH_TIMEOUT);
        verdict
            .check(flushed.is_ok() && closed.is_ok(), format_args!("flush {flushed:?}, shutdown {closed:?}"));
        report(&drained, &mut verdict);
        let (stats, ended) = (provider.stats(), ended.load(Ordering::Relaxed));
        let received = fs::read_to_string(&counts)?;
        let different = received.split(' ').next().and_then(|number| number.parse::<u64>().ok());
        verdict.check(
            different == Some(ended.saturating_sub(stats.dropped_queue_full)),
            format_args!("{ended} spans ended; received (different, all): {received}; {stats:?}"),
        );
        Ok(())
    })?;
    let limit = PROGRAM_KIB + MAX_MEMORY_BYTES as u64 / 1024;
    verdict.check(
        peak.resident_kib <= limit,
        format_args!("at most {} KiB of memory, of {limit}", peak.resident_kib),
    );
    verdict.check(
        peak.disk_bytes <= MAX_DISK_BYTES,
        format_args!("at most {} bytes on disk, of {MAX_DISK_BYTES}", peak.disk_bytes),
    );
    fs::remove_dir_all(folder)?;
    Ok(verdict.has_passed())
}

/// How a backlog went down.
struct Drained {
    backlog: u64,
    time: Duration,
    /// Spans that ended meanwhile.
    incoming: u64,
    is_empty: bool,
}

/// Waits until less than a second's worth of spans is left, from the first delivery on.
fn drain(monitor: &DiskQueueMonitor, ended: &AtomicU64, queue: &Path, peak: &mut Peak) -> Drained {
    let before = monitor.stats().delivered;
    let started = Instant::now();
    while monitor.stats().delivered == before && started.elapsed() < DRAIN_TIME {
        thread::sleep(Duration::from_millis(5));
    }
    let (begin, backlog) = (Instant::now(), monitor.stats().spans_on_disk);
    let ended_before = ended.load(Ordering::Relaxed);
    let is_empty = loop {
        peak.observe(queue);
        if monitor.stats().spans_on_disk < 10_000 {
            break true;
        }
        if begin.elapsed() > DRAIN_TIME {
            break false;
        }
        thread::sleep(SAMPLE_INTERVAL);
    };
    let incoming = ended.load(Ordering::Relaxed) - ended_before;
    Drained { backlog, time: begin.elapsed(), incoming, is_empty }
}

fn report(drained: &Drained, verdict: &mut Verdict) {
    let seconds = drained.time.as_secs_f64();
    let (shrink, incoming) = (drained.backlog as f64 / seconds, drained.incoming as f64 / seconds);
    verdict.check(
        drained.is_empty && shrink > FACTOR * incoming,
        format_args!(
            "a backlog of {} spans went down in {seconds:.1} s, by {shrink:.0} spans/s, while {incoming:.0} spans/s came: {:.1} times",
            drained.backlog,
            shrink / incoming
        ),
    );
}

/// Returns the bytes of the files below `folder`.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
