//! The span of one operation of a cache.

use std::error::Error;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::attribute::{HIT, SIZE, TTL};
use crate::span::{Recorder, Span};

/// An operation of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheOperation {
    /// `get`: reads an entry.
    Get,
    /// `get_or_load`: reads an entry, and makes it if it is missing.
    GetOrLoad,
    /// `put`: writes an entry.
    Put,
    /// `remove`: removes an entry.
    Remove,
    /// `clear`: removes all entries.
    Clear,
}

impl CacheOperation {
    /// Returns the value of the attribute [`OPERATION`](super::attribute::OPERATION).
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

/// The span of one operation of a cache, from [`TracedCache::start`](super::TracedCache::start) until it is dropped.
///
/// If it is dropped while the thread panics, the span ends as failed, with the class `panic`.
#[derive(Debug)]
pub struct CacheSpan {
    /// `None` once the operation has ended.
    span: Option<Span>,
    parent: Context,
}

impl CacheSpan {
    pub(super) fn new(span: Span, parent: Context) -> Self {
        Self { span: Some(span), parent }
    }

    /// Sets whether there was an entry ([`HIT`]).
    pub fn set_hit(&self, is_hit: bool) -> &Self {
        self.record(|span| {
            span.set(HIT, is_hit);
        })
    }

    /// Sets how long the entry lives ([`TTL`]).
    pub fn set_ttl(&self, ttl: Duration) -> &Self {
        self.record(|span| {
            span.set(TTL, ttl.as_secs_f64());
        })
    }

    /// Sets the size of the entry, in bytes ([`SIZE`]).
    pub fn set_size(&self, bytes: usize) -> &Self {
        self.record(|span| {
            span.set(SIZE, bytes);
        })
    }

    /// Records that the operation failed with `error`. A miss is not a failure.
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) -> &Self {
        if let Some(span) = &self.span {
            span.record_error(error);
        }
        self
    }

    /// Runs `write` if the span is recorded.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) -> &Self {
        if let Some(span) = &self.span {
            span.record(write);
        }
        self
    }

    /// Returns the ids of the span.
    #[must_use]
    pub fn span_context(&self) -> &SpanContext {
        self.span.as_ref().map_or(&SpanContext::NONE, Span::span_context)
    }

    /// Returns a context for work that belongs to the operation. Spans that start in it become children of this span.
    #[must_use]
    pub fn context(&self) -> Context {
        self.span.as_ref().map_or_else(|| self.parent.clone(), |span| span.in_context(&self.parent))
    }

    pub(super) fn is_recording(&self) -> bool {
        self.span.as_ref().is_some_and(Span::is_recording)
    }

    /// Ends the span after `write`. Does nothing if it has ended.
    pub(super) fn end(&mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = self.span.take() {
            span.end_with(write);
        }
    }
}
