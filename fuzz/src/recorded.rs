//! The spans that a target records.

use std::sync::LazyLock;
use std::time::Duration;

use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::span::data::SpanData;

/// The longest text in a span besides names and texts of queries, which have limits of their own.
const LONGEST: usize = 8192;

static RECORDER: LazyLock<(TracerProvider, MemoryExporter)> = LazyLock::new(|| {
    let exporter = MemoryExporter::new();
    let provider = TracerProvider::builder().with_exporter(exporter.clone()).build();
    (provider.expect("a provider"), exporter)
});

/// Returns the provider that records the spans of this target.
pub fn provider() -> &'static TracerProvider {
    &RECORDER.0
}

/// Returns the spans that `work` records with the provider that it gets. They are valid and bounded.
pub fn recorded(work: impl FnOnce(&TracerProvider)) -> Vec<SpanData> {
    let (provider, exporter) = &*RECORDER;
    exporter.clear();
    work(provider);
    provider.flush(Duration::from_secs(60)).expect("the spans arrive");
    let spans: Vec<_> = exporter.take().into_iter().map(|finished| finished.span).collect();
    for span in &spans {
        assert!(span.name.len() <= LONGEST, "{}", span.name);
        for (key, value) in &span.attributes {
            assert!(key.len() <= 256 && format!("{value:?}").len() <= 4 * LONGEST, "{key}: {value:?}");
        }
    }
    spans
}
