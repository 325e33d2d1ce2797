//! Prices behind a cache: in this process, or a Redis that all orders services share.

use std::time::Duration;

use moka::future::Cache;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client};
use tower::BoxError;
use tracing::warn;
use tracing_cache::redis::TracedConnection;
use tracing_cache::{KeyText, TracedCache};

use super::super::Wiring;
use super::failure::OrderFailed;
use super::store::Store;

/// How long a price is believed.
const LIFETIME: Duration = Duration::from_secs(60);
/// More prices than this are not kept in this process.
const CAPACITY: u64 = 10_000;

/// Where prices are kept.
#[derive(Clone)]
enum Kept {
    InProcess { entries: Cache<String, Option<u64>>, traced: TracedCache },
    InRedis(TracedConnection<ConnectionManager>),
}

/// The prices of the shop.
#[derive(Clone)]
pub(super) struct Prices {
    store: Store,
    kept: Kept,
}

impl Prices {
    /// Prices of `store`, kept in the Redis at `REDIS_URL`, or else in this process.
    pub(super) async fn open(wiring: &Wiring, store: Store) -> Result<Self, BoxError> {
        let kept = match wiring.settings.get("REDIS_URL") {
            Some(url) => {
                let client = Client::open(url)?;
                let connection = TracedConnection::new(client.get_connection_manager().await?);
                Kept::InRedis(connection.with_provider(&wiring.provider).server_of(&client))
            }
            None => Kept::InProcess {
                entries: Cache::builder().max_capacity(CAPACITY).time_to_live(LIFETIME).build(),
                // Whoever looks at a trace may know what the shop sells.
                traced: TracedCache::new("prices").with_provider(&wiring.provider).key_text(KeyText::Raw),
            },
        };
        Ok(Self { store, kept })
    }

    /// What one `item` costs, in cents.
    pub(super) async fn of(&self, item: &str) -> Result<u64, OrderFailed> {
        let price = match &self.kept {
            Kept::InProcess { entries, traced } => {
                let look_up = traced.get_or_load(item, |loader| {
                    entries.try_get_with_by_ref(item, loader.run(self.store.price(item)))
                });
                look_up.await?
            }
            Kept::InRedis(connection) => self.in_redis(connection.clone(), item).await?,
        };
        price.ok_or_else(|| OrderFailed::UnknownItem(item.to_owned()))
    }

    async fn in_redis(
        &self,
        mut redis: TracedConnection<ConnectionManager>,
        item: &str,
    ) -> Result<Option<u64>, OrderFailed> {
        let key = format!("price:{item}");
        // A cache that is away costs time, and no order.
        let cached: Option<u64> = redis.get(&key).await.unwrap_or_else(|error| {
            warn!(%error, "the cache of prices does not answer");
            None
        });
        if cached.is_some() {
            return Ok(cached);
        }
        let price = self.store.price(item).await?;
        if let Some(cents) = price
            && let Err(error) = redis.set_ex::<_, _, ()>(&key, cents, LIFETIME.as_secs()).await
        {
            warn!(%error, "a price could not be kept");
        }
        Ok(price)
    }
}
