//! Prices behind a cache: in this process, or in a Redis that all orders services share.

use std::time::Duration;

use moka::future::Cache;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client};
use tower::BoxError;
use tracing::warn;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::cache::{KeyText, TracedCache};
use tracing_redis::TracedRedis;

use super::failure::OrderFailed;
use super::store::Store;

/// How long a price is cached.
const LIFETIME: Duration = Duration::from_secs(60);
/// The maximum number of prices that this process caches.
const CAPACITY: u64 = 10_000;

/// Where prices are cached.
#[derive(Clone)]
enum PriceCache {
    InProcess { entries: Cache<String, Option<u64>>, traced: TracedCache },
    InRedis(TracedRedis<ConnectionManager>),
}

/// The prices of the shop.
#[derive(Clone)]
pub(super) struct Prices {
    store: Store,
    cache: PriceCache,
}

impl Prices {
    /// Opens the prices of `store`, cached in the Redis at `redis_url` or else in this process.
    pub(super) async fn open(
        store: Store,
        redis_url: Option<&str>,
        provider: &TracerProvider,
    ) -> Result<Self, BoxError> {
        let cache = match redis_url {
            Some(url) => {
                let client = Client::open(url)?;
                let connection = TracedRedis::new(client.get_connection_manager().await?);
                PriceCache::InRedis(connection.with_provider(provider).with_server_of(&client))
            }
            None => PriceCache::InProcess {
                entries: Cache::builder().max_capacity(CAPACITY).time_to_live(LIFETIME).build(),
                // The names of items are no secret, so spans may show the keys.
                traced: TracedCache::new("prices").with_provider(provider).with_key_text(KeyText::Raw),
            },
        };
        Ok(Self { store, cache })
    }

    /// Returns the price of one `item`, in cents.
    pub(super) async fn of(&self, item: &str) -> Result<u64, OrderFailed> {
        let price = match &self.cache {
            PriceCache::InProcess { entries, traced } => {
                let lookup = traced.get_or_load(item, |loader| {
                    entries.try_get_with_by_ref(item, loader.run(self.store.price(item)))
                });
                lookup.await?
            }
            PriceCache::InRedis(connection) => self.in_redis(connection.clone(), item).await?,
        };
        price.ok_or_else(|| OrderFailed::UnknownItem(item.to_owned()))
    }

    async fn in_redis(
        &self,
        mut redis: TracedRedis<ConnectionManager>,
        item: &str,
    ) -> Result<Option<u64>, OrderFailed> {
        let key = format!("price:{item}");
        // Without its cache the service is slower, but orders still succeed.
        let cached: Option<u64> = redis.get(&key).await.unwrap_or_else(|error| {
            warn!(%error, "cannot read the cache of prices");
            None
        });
        if cached.is_some() {
            return Ok(cached);
        }
        let price = self.store.price(item).await?;
        if let Some(cents) = price
            && let Err(error) = redis.set_ex::<_, _, ()>(&key, cents, LIFETIME.as_secs()).await
        {
            warn!(%error, "cannot cache a price");
        }
        Ok(price)
    }
}
