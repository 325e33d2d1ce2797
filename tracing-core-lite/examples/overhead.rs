//! A program that prints what tracing costs it, and lets an enforced budget lower the cost.
//!
//! Run it with `cargo run --release -p tracing-core-lite --example overhead`. It creates spans as fast as it can, so the budget is
//! exceeded. The warnings on standard error are one line only, because there is no subscriber.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::Discard;
use tracing_core_lite::overhead::OverheadBudget;
use tracing_core_lite::{Context, TracerProvider};

fn main() -> Result<(), Box<dyn Error>> {
    let budget = OverheadBudget::default().with_window(Duration::from_secs(1)).enforce(true);
    let provider = TracerProvider::builder().with_overhead_budget(budget).with_exporter(Discard).build()?;
    let tracer = provider.tracer("shop");
    for _ in 0..5 {
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            let request = tracer.span("GET /orders").with_parent(&Context::new()).start();
            let context = request.in_context(&Context::new());
            for item in 0..100 {
                tracer.span("reserve stock").with_parent(&context).start_with(|span| {
                    span.set("shop.item", item).set("shop.store", "north");
                });
            }
        }
        println!("{}\n", provider.overhead());
    }
    provider.shutdown(Duration::from_secs(5))?;
    Ok(())
}
