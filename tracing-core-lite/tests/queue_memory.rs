//! The queue uses at most the memory that its limit allows, whatever the size of the spans.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use tracing_core_lite::lint::Lint;
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, TracerProvider};

/// A receiver that accepts nothing until it is released.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Exporter for Gate {
    fn export(&mut self, _batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Returns the resident memory in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

/// Returns the memory in use while spans of this size wait and the receiver accepts none.
fn full(span_bytes: usize, max_export_batch_size: usize, limit: usize) -> usize {
    let gate = Gate::default();
    let limits = BatchLimits::default()
        .with_max_queue_size(usize::MAX)
        .with_max_queue_bytes(limit)
        .with_max_export_batch_size(max_export_batch_size);
    // The lint of debug builds decodes spans, for which it needs memory of its own.
    let builder = TracerProvider::builder().with_exporter(gate.clone()).with_lint(Lint::off());
    let provider = builder.with_batch_limits(limits).build().unwrap();
    let tracer = provider.tracer("test");
    let text = "x".repeat(span_bytes);
    let mut made = 0;
    while provider.stats().dropped_queue_full == 0 {
        tracer.span("work").with_parent(&Context::new()).start_with(|span| {
            span.set("text", text.as_str());
        });
        made += 1;
    }
    let held = memory();
    assert!(made * span_bytes > limit / 3, "{made} spans of {span_bytes} bytes filled {limit} bytes");
    *gate.0.0.lock().unwrap() = true;
    gate.0.1.notify_all();
    provider.shutdown(std::time::Duration::from_secs(10)).unwrap();
    held
}

#[test]
fn memory_stays_within_the_queue_s_limit() {
    const MIB: usize = 1024 * 1024;
    let start = memory();
    for (span_bytes, batch) in [(300, 512), (100, 10), (3_000, 512), (20_000, 512), (100_000, 100)] {
        let held = full(span_bytes, batch, 32 * MIB) - start;
        // Some memory is needed besides: a chunk of the thread, and gaps between chunks of different sizes.
        assert!(held < 37 * MIB, "{held} bytes for spans of {span_bytes} bytes");
    }
}
