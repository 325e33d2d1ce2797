//! Instrumentation for caches: a span for each operation, and a child span for the load after a miss.
//!
//! A [`TracedCache`] does not wrap a cache, so it works with any: moka, an LRU map, a client of a cache server.
//!
//! - [`TracedCache::get_or_load`] records a span for a lookup, and another for the load if there is one.
//! - [`TracedCache::start`] returns a [`CacheSpan`] for every other operation, which ends when it is dropped.
//!
//! ```
//! use std::collections::HashMap;
//! use tracing_core_lite::cache::{CacheOperation, TracedCache};
//! use tracing_core_lite::testing::TestSpans;
//!
//! let spans = TestSpans::new();
//! let traced = TracedCache::new("prices").with_provider(spans.provider());
//! let entries = HashMap::from([("price:4711", 299)]);
//!
//! let span = traced.start(CacheOperation::Get, "price:4711");
//! let price = entries.get("price:4711");
//! span.set_hit(price.is_some());
//! drop(span);
//!
//! assert_eq!(spans.one("get prices").text("tracing_suite.cache.name"), Some("prices"));
//! ```
//!
//! # What a span shows
//! The conventions of OpenTelemetry have no group for caches. The names are those of [`attribute`]:
//!
//! | attribute | type | value |
//! |---|---|---|
//! | `tracing_suite.cache.name` | string | the name that was given to [`TracedCache::new`] |
//! | `tracing_suite.cache.operation` | string | `get`, `get_or_load`, `put`, `remove`, `clear`; `load` for the load below a miss |
//! | `tracing_suite.cache.key` | string | the key, in the form that [`KeyText`] selects; a hash by default |
//! | `tracing_suite.cache.hit` | bool | whether there was an entry |
//! | `tracing_suite.cache.ttl` | double | the time until the entry expires, in seconds |
//! | `tracing_suite.cache.size` | int | the size of the entry, in bytes |
//! | `error.type` | string | the type of the error of a failed operation; `cancelled` or `panic` |
//!
//! A span is named `{operation} {cache}`, such as `get_or_load prices`, and has the kind internal. A miss is not an error.

pub mod attribute;
mod key_text;
mod load;
mod lookup;
mod span;
mod starter;
mod traced_cache;

pub use key_text::KeyText;
pub use load::{LoadFuture, Loader};
pub use lookup::LookupFuture;
pub use span::{CacheOperation, CacheSpan};
pub use traced_cache::TracedCache;
