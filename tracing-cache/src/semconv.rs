//! Names of what cache spans have.

/// Ours, as the conventions have no group for caches.
pub(crate) mod cache {
    pub(crate) const HIT: &str = "cache.hit";
    pub(crate) const KEY: &str = "cache.key";
    pub(crate) const NAME: &str = "cache.name";
    pub(crate) const OPERATION: &str = "cache.operation";
    pub(crate) const SIZE: &str = "cache.size";
    pub(crate) const TTL: &str = "cache.ttl";
}

/// Semantic conventions v1.44.0, `span.db.redis.client`.
#[cfg(feature = "redis")]
pub(crate) mod db {
    pub(crate) const BATCH_SIZE: &str = "db.operation.batch.size";
    pub(crate) const NAMESPACE: &str = "db.namespace";
    pub(crate) const OPERATION: &str = "db.operation.name";
    pub(crate) const QUERY_TEXT: &str = "db.query.text";
    pub(crate) const SERVER_ADDRESS: &str = "server.address";
    pub(crate) const SERVER_PORT: &str = "server.port";
    pub(crate) const STATUS_CODE: &str = "db.response.status_code";
    pub(crate) const SYSTEM: &str = "db.system.name";
    pub(crate) const REDIS: &str = "redis";
}

pub(crate) use tracing_core_lite::error_class::CANCELLED;
