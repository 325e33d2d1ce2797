//! A nightly job over 10,000 records: a span for the batch, for a share of its items, and for each item that fails.
//! `cargo run -p examples --example batch_job`

use std::error::Error;

use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::messaging::{
    Client, Destination, MessagingOperation, OperationType, Origin, Peer, Settings,
};
use tracing_core_lite::{Context, InstrumentationScope};

#[derive(Debug, thiserror::Error)]
#[error("the amounts differ")]
struct Mismatch;

fn reconcile(record: u32) -> Result<(), Mismatch> {
    if record % 4_000 == 7 { Err(Mismatch) } else { Ok(()) }
}

async fn reconcile_all() {
    let scope = InstrumentationScope::builder("batch-example").build();
    let client = Client::new("file", scope, Settings::new(), Peer::new());
    let operation = MessagingOperation::new(OperationType::Process, Destination::new("payments.csv"));
    // 0.05 % of the items that succeed get a span.
    let mut batch = client.batch(&operation, |_| {}).with_item_ratio(0.0005).with_small_batch(0);
    for record in 0..10_000 {
        // A record of a file has no sender. A message of a queue has one, and the batch would link to it.
        let origin = Origin::default();
        batch.add(&origin, 100);
        let item = batch.item(&origin);
        match reconcile(record) {
            Ok(()) => item.processed(),
            Err(mismatch) => item.failed_as("mismatch", &mismatch),
        }
        // Lets a signal stop the job between two records.
        tokio::task::yield_now().await;
    }
    batch.end();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("batch-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let job = tracing.provider().tracer("shop").span("nightly reconciliation").start();
    let context = job.in_context(&Context::new());
    examples::until_stopped(async {
        reconcile_all().in_context(context).await;
        job.end();
        Ok(())
    })
    .await
}
