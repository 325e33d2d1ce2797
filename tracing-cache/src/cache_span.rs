//! The span of one operation of a cache.

use std::error::Error;
use std::time::Duration;

use tracing_core_lite::{Context, Span, SpanContext};

use crate::semconv::cache::{HIT, SIZE, TTL};

/// What is done with a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `get`: read an entry.
    Get,
    /// `get_or_load`: read an entry, and make it when it is not there.
    GetOrLoad,
    /// `put`: write an entry.
    Put,
    /// `remove`: remove an entry.
    Remove,
    /// `clear`: remove all entries.
    Clear,
}

impl Operation {
    /// The value of `cache.operation`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetOrLoad => "get_or_load",
            Self::Put => "put",
            Self::Remove => "remove",
            Self::Clear => "clear",
        }
    }
}

/// One operation of a cache, from [`TracedCache::span`](crate::TracedCache::span) until it is dropped.
///
/// ```
/// use std::collections::HashMap;
/// use tracing_cache::{Operation, TracedCache};
///
/// let cache = TracedCache::new("prices");
/// let entries = HashMap::from([("price:4711", 3)]);
///
/// let span = cache.span(Operation::Get, "price:4711");
/// let price = entries.get("price:4711");
/// span.hit(price.is_some());
/// drop(span);
/// ```
#[derive(Debug)]
pub struct CacheSpan {
    span: Span,
    parent: Context,
}

impl CacheSpan {
    pub(crate) fn new(span: Span, parent: Context) -> Self {
        Self { span, parent }
    }

    /// Says whether there was an entry: `cache.hit`.
    pub fn hit(&self, is_hit: bool) -> &Self {
        self.span.set(HIT, is_hit);
        self
    }

    /// Says how long the entry lives: `cache.ttl`, in seconds.
    pub fn ttl(&self, ttl: Duration) -> &Self {
        self.span.set(TTL, ttl.as_secs_f64());
        self
    }

    /// Says how large the entry is: `cache.size`, in bytes.
    pub fn size(&self, bytes: usize) -> &Self {
        self.span.set(SIZE, bytes);
        self
    }

    /// Records that the operation failed with `error`. A miss is no failure.
    pub fn failure<E: Error + ?Sized>(&self, error: &E) -> &Self {
        self.span.record_error(error);
        self
    }

    /// The ids of the span.
    #[must_use]
    pub fn span_context(&self) -> &SpanContext {
        self.span.span_context()
    }

    /// A context for work within the operation: its spans become children.
    #[must_use]
    pub fn context(&self) -> Context {
        self.span.in_context(&self.parent)
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.span.is_recording()
    }

    pub(crate) fn end_with(self, write: impl FnOnce(&mut tracing_core_lite::Recorder<'_>)) {
        self.span.end_with(write);
    }
}
