//! Prices behind a moka cache: a miss that loads the price, then a hit. `cargo run -p examples --example moka`

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use tracing_core_lite::Context;
use tracing_core_lite::cache::{KeyText, TracedCache};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;

async fn price_from_database(_sku: &str) -> Result<u32, Infallible> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(299)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("moka-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let cache: moka::future::Cache<String, u32> = moka::future::Cache::new(1_000);
    let prices = TracedCache::new("prices").with_key_text(KeyText::Template);

    let span = tracing.provider().tracer("shop").span("place order").start();
    let context = span.in_context(&Context::new());
    let look_up_twice = async {
        for sku in ["A-7", "A-7"] {
            let load = |loader: tracing_core_lite::cache::Loader| {
                cache.try_get_with_by_ref(sku, loader.run(price_from_database(sku)))
            };
            prices.get_or_load(sku, load).await?;
        }
        span.end();
        Ok(())
    };
    examples::until_stopped(look_up_twice.in_context(context)).await
}
