//! An exporter that is down or hangs does not make other exporters lose spans.
#![cfg(feature = "otlp-http")]
#![allow(clippy::unwrap_used)]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, TracerProvider, init};

const SOON: Duration = Duration::from_secs(10);

fn nothing(_: &str) -> Option<String> {
    None
}

fn record(provider: &TracerProvider, spans: usize) {
    for _ in 0..spans {
        provider.tracer("test").span("work").with_parent(&Context::new()).start();
    }
}

fn wait_for(memory: &MemoryExporter, spans: usize) {
    let deadline = Instant::now() + SOON;
    while memory.finished().len() < spans {
        assert!(Instant::now() < deadline, "{} of {spans} spans", memory.finished().len());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns a provider with two exporters and one span in each batch.
fn provider(other: impl Exporter, memory: &MemoryExporter) -> TracerProvider {
    let limits =
        BatchLimits::default().with_max_export_batch_size(1).with_schedule_delay(Duration::from_millis(10));
    let init = init().with_exporter(other).with_additional_exporter(memory.clone());
    init.with_batch_limits(limits).build(&nothing).unwrap().0
}

struct Hangs;

impl Exporter for Hangs {
    fn export(&mut self, _: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()).min(SOON));
        Err(ExportError::Retryable { reason: "no answer".into(), after: None })
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

struct Refuses;

impl Exporter for Refuses {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        Err(ExportError::Permanent { reason: "unauthorized".into() })
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[test]
fn a_dead_endpoint_does_not_starve_a_healthy_exporter() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = OtlpConfig::new().with_endpoint(format!("http://127.0.0.1:{port}")).build().unwrap();
    let memory = MemoryExporter::new();
    let provider = provider(dead, &memory);
    for spans in 1..=20 {
        record(&provider, 1);
        wait_for(&memory, spans);
    }
    let stats = provider.exporter_stats();
    assert_eq!(stats[0].destination.as_deref(), Some(&*format!("http://127.0.0.1:{port}/v1/traces")));
    assert_eq!((stats[0].stats.exported, stats[0].stats.queued), (0, 20));
    assert_eq!(stats[1].stats.exported, 20);
    assert_eq!(provider.stats().exported, 0, "not everywhere");
    provider.shutdown(Duration::from_millis(100)).unwrap_err();
}

#[test]
fn an_exporter_that_hangs_does_not_starve_a_healthy_one() {
    let memory = MemoryExporter::new();
    let provider = provider(Hangs, &memory);
    for spans in 1..=20 {
        record(&provider, 1);
        wait_for(&memory, spans);
    }
    provider.shutdown(Duration::from_millis(100)).unwrap_err();
}

#[test]
fn a_span_that_one_exporter_refuses_counts_as_lost() {
    let memory = MemoryExporter::new();
    let provider = provider(Refuses, &memory);
    record(&provider, 5);
    provider.flush(SOON).unwrap_err();
    assert_eq!(memory.finished().len(), 5);
    assert_eq!((provider.stats().exported, provider.stats().dropped_export_failed), (0, 5));
    let stats = provider.exporter_stats();
    assert_eq!((stats[0].stats.dropped_export_failed, stats[1].stats.exported), (5, 5));
}

#[test]
fn a_flush_waits_for_all_exporters() {
    struct Slow(MemoryExporter);
    impl Exporter for Slow {
        fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
            std::thread::sleep(Duration::from_millis(20));
            self.0.export(batch, deadline)
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }
    let (slow, memory) = (MemoryExporter::new(), MemoryExporter::new());
    let provider = provider(Slow(slow.clone()), &memory);
    record(&provider, 3);
    provider.flush(SOON).unwrap();
    assert_eq!((slow.finished().len(), memory.finished().len()), (3, 3));
    assert_eq!(provider.stats().exported, 3);
}
