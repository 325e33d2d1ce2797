//! Spans for caches: a wrapper for redis connections, and a span for any other cache.
//!
//! | what | for | span |
//! |---|---|---|
//! | [`redis::TracedConnection`] (feature `redis`) | async connections of the crate `redis` | `GET cache.internal:6379`, kind client |
//! | [`TracedCache`] | moka, a map, any other cache | `get prices`, kind internal; a load below it |
//!
//! Redis spans follow the conventions of OpenTelemetry for databases, version 1.44. There are none for caches: the
//! attributes of [`TracedCache`] are ours, and listed there.
//!
//! # Features
//! `redis`: the wrapper; `metrics`: `db.client.operation.duration` of redis commands; `full`: both. None by default.

mod cache;
mod cache_span;
mod key_text;
mod loader;
#[cfg(feature = "redis")]
pub mod redis;
mod scope;
mod semconv;

pub use cache::TracedCache;
pub use cache_span::{CacheSpan, Operation};
pub use key_text::KeyText;
pub use loader::{LoadFuture, Loader, LookUp};
/// The core that spans are recorded with.
pub use tracing_core_lite;
