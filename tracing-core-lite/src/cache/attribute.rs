//! Names of the attributes of cache spans. OpenTelemetry has no conventions for caches.

/// Whether there was an entry.
pub const HIT: &str = "tracing_suite.cache.hit";
/// The key, in the form that [`KeyText`](super::KeyText) selects.
pub const KEY: &str = "tracing_suite.cache.key";
/// The name of the cache.
pub const NAME: &str = "tracing_suite.cache.name";
/// The operation.
pub const OPERATION: &str = "tracing_suite.cache.operation";
/// The size of the entry, in bytes.
pub const SIZE: &str = "tracing_suite.cache.size";
/// The time until the entry expires, in seconds.
pub const TTL: &str = "tracing_suite.cache.ttl";
