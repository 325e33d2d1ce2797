//! The stages that every provider has in front of its exporter: redaction, and the bounds of span names and of attribute values.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::cardinality::{NameLimits, ValueLimits};
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::redaction::Redaction;

const SPANS: u64 = 512;

/// Keeps the last batch.
#[derive(Clone, Default)]
struct Last(std::sync::Arc<std::sync::Mutex<Option<Batch>>>);

impl Exporter for Last {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        if let Ok(mut last) = self.0.lock() {
            *last = Some(Batch::new(batch.request().clone(), batch.span_count()));
        }
        Ok(Exported::default())
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Returns a batch of server spans with eight attributes.
fn batch() -> Option<Batch> {
    let last = Last::default();
    let provider = TracerProvider::builder().with_exporter(last.clone()).build().ok()?;
    let tracer = provider.tracer("bench");
    for number in 0..SPANS {
        tracer
            .span(&format!("GET /orders/{}", ["{order}", "{order}/items"][number as usize % 2]))
            .start_with(|span| {
                span.set("http.request.method", "GET")
                    .set("http.route", "/orders/{order}/items")
                    .set("url.path", format!("/orders/{number}/items").as_str())
                    .set("url.scheme", "https")
                    .set("server.address", "shop.example.com")
                    .set("user_agent.original", "curl/8.1.2")
                    .set("network.protocol.version", "1.1")
                    .set("http.response.status_code", 200_i64);
            });
    }
    provider.shutdown(Duration::from_secs(10)).ok()?;
    let mut exported = last.0.lock().ok()?;
    exported.take()
}

fn stages(criterion: &mut Criterion) {
    let Some(batch) = batch() else { return };
    let deadline = Instant::now() + Duration::from_secs(3600);
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(batch.span_count() as u64));
    let mut run = |name: &str, mut stage: Box<dyn Exporter>| {
        group.bench_function(name, |bencher| bencher.iter(|| stage.export(black_box(&batch), deadline)));
    };
    run("redaction, default", Box::new(Redaction::new().wrap(Discard)));
    #[cfg(feature = "redaction")]
    run("redaction, pii", Box::new(Redaction::pii().wrap(Discard)));
    run("bounded names", Box::new(NameLimits::new().wrap(Discard)));
    run("bounded values", Box::new(ValueLimits::new().wrap(Discard)));
    run("bounded names and values", Box::new(NameLimits::new().wrap(ValueLimits::new().wrap(Discard))));
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
