//! Instruments a cache that the suite does not wrap: an LRU map of this program's own, in front of a slow price list.
//!
//! The cache itself stays as it is. `Prices` looks entries up in a span, and loads missing ones in a child of that span.
//!
//! Run it with `cargo run -p tracing-core-lite --example lru_cache --features cache,console`.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing_core_lite::cache::{CacheOperation, KeyText, TracedCache};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::{Context, TracerProvider};

/// A cache that evicts the entry that was not used for the longest time.
struct LruCache {
    capacity: usize,
    /// The entry that was used last comes last.
    entries: VecDeque<(String, u32)>,
}

impl LruCache {
    fn get(&mut self, key: &str) -> Option<u32> {
        let index = self.entries.iter().position(|(known, _)| known == key)?;
        let entry = self.entries.remove(index)?;
        let value = entry.1;
        self.entries.push_back(entry);
        Some(value)
    }

    fn put(&mut self, key: &str, value: u32) {
        self.entries.retain(|(known, _)| known != key);
        if self.entries.len() == self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back((key.to_owned(), value));
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no price for this article")]
struct NoPrice;

/// The slow source of prices, such as a database.
async fn price_from_list(article: &str) -> Result<u32, NoPrice> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    article.strip_prefix("article:").and_then(|number| number.parse().ok()).ok_or(NoPrice)
}

/// The prices, behind the cache.
struct Prices {
    cache: Mutex<LruCache>,
    traced: TracedCache,
}

impl Prices {
    fn new(capacity: usize) -> Self {
        let cache = LruCache { capacity, entries: VecDeque::new() };
        // Everybody who sees the traces may know that an article was looked up, and not which.
        let traced = TracedCache::new("prices").with_key_text(KeyText::Template);
        Self { cache: Mutex::new(cache), traced }
    }

    async fn of(&self, article: &str) -> Result<u32, NoPrice> {
        self.traced
            .get_or_load(article, |loader| async move {
                if let Some(price) = self.lock().get(article) {
                    return Ok(price);
                }
                let price = loader.run(price_from_list(article)).await?;
                self.put(article, price);
                Ok(price)
            })
            .await
    }

    /// Any other operation is a span from here to the end of the block.
    fn put(&self, article: &str, price: u32) {
        let span = self.traced.start(CacheOperation::Put, article);
        span.set_size(size_of::<u32>());
        self.lock().put(article, price);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = TracerProvider::builder().with_exporter(ConsoleExporter::stdout()).build()?;
    provider.install();
    let prices = Prices::new(2);

    let order = provider.tracer("shop").span("place order").start();
    let context = order.in_context(&Context::new());
    // A miss, a hit, two misses of which the second evicts the first article, and an article without a price.
    for article in ["article:7", "article:7", "article:8", "article:9", "article:7", "article:?"] {
        let price = prices.of(article).in_context(context.clone()).await;
        order.add_event("looked up", &[("shop.has_price", price.is_ok().into())]);
    }
    order.end();
    provider.shutdown(Duration::from_secs(5))?;
    Ok(())
}
