//! Measures how many spans per second a disk queue takes while its receiver is down.
//!
//! `cargo bench -p tracing-core-lite --features disk-queue --bench disk_queue -- [SECONDS] [DIRECTORY]`. Run it with
//! `taskset -c 0` for one core, and with `strace -f -c -e fdatasync,fsync` to count the syncs. The directory must be on a
//! file system that really syncs, which tmpfs does not.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use tracing_core_lite::exporters::disk_queue::DiskQueueConfig;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, TracerProvider};

struct Down;

impl Exporter for Down {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        Err(ExportError::Retryable { reason: "down".to_owned(), after: None })
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn is_unreachable(&self) -> bool {
        true
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let time = Duration::from_secs(arguments.next().map_or(5, |seconds| seconds.parse().unwrap()));
    let directory = arguments.next().map_or_else(std::env::temp_dir, Into::into).join("disk-queue-bench");
    let _ = std::fs::remove_dir_all(&directory);
    let queue = DiskQueueConfig::new(&directory).with_max_bytes(8 << 30).wrap(Down);
    let monitor = queue.monitor();
    let provider = TracerProvider::builder().with_exporter(queue).build().unwrap();
    let tracer = provider.tracer("bench");
    let parent = Context::new();
    let begin = Instant::now();
    let mut spans = 0_u64;
    while begin.elapsed() < time {
        for _ in 0..500 {
            let span = tracer.span("GET /orders/{id}").with_parent(&parent).start();
            span.end_with(|span| {
                span.set("http.request.method", "GET")
                    .set("http.route", "/orders/{id}")
                    .set("url.path", "/orders/12345")
                    .set("url.scheme", "https")
                    .set("server.address", "shop.example")
                    .set("server.port", 443)
                    .set("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)")
                    .set("http.response.status_code", 200);
            });
        }
        spans += 500;
        // A program that only ends spans would fill the queue, and drop them.
        while provider.stats().queued > 20_000 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    provider.flush(Duration::from_secs(60)).unwrap();
    let elapsed = begin.elapsed().as_secs_f64();
    let (stats, written) = (provider.stats(), monitor.stats());
    assert_eq!((stats.lost(), written.spans_on_disk), (0, spans));
    println!(
        "{:.0} spans/s, {:.0} bytes each, {:.0} MB/s, {} syncs in {elapsed:.1} s",
        spans as f64 / elapsed,
        written.bytes_on_disk as f64 / spans as f64,
        written.bytes_on_disk as f64 / elapsed / 1e6,
        written.syncs,
    );
    drop(provider);
    let _ = std::fs::remove_dir_all(&directory);
}
