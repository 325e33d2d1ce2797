//! Work beside a request: a task that the request waits for, a blocking call, and a task that outlives it.
//! `cargo run -p examples --example background_tasks`

use std::error::Error;
use std::time::Duration;

use tokio::time::sleep;
use tracing_core_lite::context::{self, Detached, FutureExt};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::{Context, Tracer};

async fn check_out(tracer: &Tracer) -> Result<(), tokio::task::JoinError> {
    // A concurrent child. This `spawn` keeps the context; tokio's own would lose it.
    let stock = tracer.span("reserve stock").start();
    let reserved = context::spawn(async { sleep(Duration::from_millis(10)).await }.in_span(stock));

    // A child on a thread for blocking work.
    let blocking_tracer = tracer.clone();
    let hashed = context::spawn_blocking(move || blocking_tracer.span("hash password").start().end());
    reserved.await?;
    hashed.await?;

    // No request waits for the mail, so it gets a trace of its own that follows from this one.
    tokio::spawn(Detached::new(tracer, "send mail", sleep(Duration::from_millis(30))));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("tasks-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let tracer = tracing.provider().tracer("shop");
    examples::until_stopped(async {
        let span = tracer.span("check out").start();
        let context = span.in_context(&Context::new());
        check_out(&tracer).in_context(context).await?;
        span.end();
        sleep(Duration::from_millis(100)).await;
        Ok(())
    })
    .await
}
