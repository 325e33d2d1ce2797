//! Prices behind a moka cache: a miss that loads, then a hit. Prints the trace.
//!
//! `cargo run -p tracing-cache --example moka_lookup`

use std::sync::Arc;
use std::time::Duration;

use tracing_cache::{KeyText, TracedCache};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;

#[derive(Debug, thiserror::Error)]
#[error("the database is away")]
struct DatabaseError;

/// Takes a while, as databases do.
async fn price_from_database(_sku: &str) -> Result<u32, DatabaseError> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(299)
}

struct Prices {
    cache: moka::future::Cache<String, u32>,
    traced: TracedCache,
}

impl Prices {
    async fn of(&self, sku: &str) -> Result<u32, Arc<DatabaseError>> {
        let look_up = self.traced.get_or_load(sku, |loader| {
            self.cache.try_get_with_by_ref(sku, loader.run(price_from_database(sku)))
        });
        look_up.await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = TracerProvider::builder().with_exporter(ConsoleExporter::stdout()).build()?;
    provider.install();
    let prices = Prices {
        cache: moka::future::Cache::builder().time_to_live(Duration::from_secs(60)).build(),
        traced: TracedCache::new("prices").key_text(KeyText::Template),
    };

    let order = provider.tracer("shop").span("place order").start();
    let context = order.in_context(&tracing_core_lite::Context::new());
    for _ in 0..2 {
        prices.of("A-7").in_context(context.clone()).await?;
    }
    order.end();
    provider.shutdown(Duration::from_secs(5))?;
    Ok(())
}
