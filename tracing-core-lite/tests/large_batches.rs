//! A receiver for which a batch is too large gets it in parts, over HTTP and through every stage.
#![cfg(all(feature = "otlp-http", feature = "testing", feature = "disk-queue"))]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::disk_queue::DiskQueueConfig;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::{Exporter, Fanout};
use tracing_core_lite::testing::{FakeOtlp, Reply};
use tracing_core_lite::{Context, TracerProvider};

const SOON: Duration = Duration::from_secs(20);

/// Puts a stage before an exporter.
type Stage<'a> = &'a dyn Fn(Box<dyn Exporter>) -> Box<dyn Exporter>;

#[test]
fn a_batch_that_is_too_large_is_split() {
    let directory = tempfile::tempdir().unwrap();
    let alone = |exporter: Box<dyn Exporter>| exporter;
    let beside = |exporter: Box<dyn Exporter>| {
        Box::new(Fanout::new(vec![exporter, Box::new(MemoryExporter::new())])) as Box<dyn Exporter>
    };
    let queue = |exporter: Box<dyn Exporter>| {
        Box::new(DiskQueueConfig::new(directory.path()).wrap(exporter)) as Box<dyn Exporter>
    };
    let stages: [(&str, Stage<'_>); 3] = [("alone", &alone), ("fan-out", &beside), ("disk queue", &queue)];
    for (name, stage) in stages {
        let receiver = FakeOtlp::start().unwrap();
        // The whole batch, its first half, and the first quarter are too large. The second span alone is too.
        for code in [413, 413, 200, 413, 200] {
            receiver.reply(Reply::status(code));
        }
        let exporter = OtlpConfig::new().with_endpoint(receiver.url()).build().unwrap();
        let provider = TracerProvider::builder().with_exporter(stage(exporter)).build().unwrap();
        for number in 0..4 {
            let span = number.to_string();
            provider.tracer("test").span(&span).with_parent(&Context::new()).start().end();
        }
        let _ = provider.shutdown(SOON);
        let sizes: Vec<_> = receiver
            .requests()
            .into_iter()
            .map(|it| {
                it.spans
                    .unwrap()
                    .iter()
                    .flat_map(|it| &it.scope_spans)
                    .map(|it| it.spans.len())
                    .sum::<usize>()
            })
            .collect();
        assert_eq!(sizes, [4, 2, 1, 1, 2], "{name}");
        let stats = provider.stats();
        assert_eq!((stats.exported, stats.rejected), (3, 1), "{name}: {stats:?}");
    }
}
