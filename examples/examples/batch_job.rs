//! A nightly job over 10,000 records: one span for the batch, a share of its items, and all that fail.
//! `cargo run -p examples --example batch_job`

use std::error::Error;

use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::messaging::{Client, Destination, Operation, OperationType, Origin, Peer, Settings};
use tracing_core_lite::{Context, InstrumentationScope};

#[derive(Debug, thiserror::Error)]
#[error("the amounts differ")]
struct Mismatch;

fn reconcile(record: u32) -> Result<(), Mismatch> {
    if record % 4_000 == 7 { Err(Mismatch) } else { Ok(()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("batch-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let job = tracing.provider().tracer("shop").span("nightly reconciliation").start();
    let _current = job.in_context(&Context::new()).attach();

    let scope = InstrumentationScope::builder("batch-example").build();
    let client = Client::new("file", scope, Settings::new(), Peer::new());
    let operation = Operation::new(OperationType::Process, Destination::new("payments.csv"));
    // 0.05 % of the items have a span although they are fine.
    let mut batch = client.batch(&operation, |_| {}).item_ratio(0.0005);
    for record in 0..10_000 {
        // A record of a file has no sender; that of a queue would have, and the batch a link to it.
        let origin = Origin::default();
        batch.add(&origin, 100);
        let item = batch.item(&origin);
        match reconcile(record) {
            Ok(()) => item.processed(),
            Err(mismatch) => item.failure_of("mismatch", &mismatch),
        }
    }
    batch.end();
    Ok(())
}
