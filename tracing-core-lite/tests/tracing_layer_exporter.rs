//! An exporter that traces does not export its own spans through the tracing layer.
#![cfg(all(feature = "tracing-layer", feature = "testing"))]

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tracing::{info, info_span};
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::{TracerProvider, subscriber};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// An exporter that traces.
#[derive(Debug)]
struct Traces(mpsc::Sender<usize>);

impl Exporter for Traces {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        info_span!("exporting").in_scope(|| info!("within"));
        info!("outside");
        let _ = self.0.send(batch.span_count());
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[test]
fn spans_and_events_of_an_exporter_are_not_exported() {
    let (sender, exported) = mpsc::channel();
    let provider =
        TracerProvider::builder().with_exporter(Traces(sender)).build().expect("an export thread starts");
    let layer = subscriber::layer().with_tracer(provider.tracer("test"));
    // The export thread has no subscriber of its own, so it is the global one.
    tracing_subscriber::registry().with(layer).init();
    info_span!("work").in_scope(|| {});
    provider.flush(Duration::from_secs(10)).expect("the exporter answers");
    provider.flush(Duration::from_secs(10)).expect("the exporter answers");
    assert_eq!(exported.try_iter().sum::<usize>(), 1);
}
