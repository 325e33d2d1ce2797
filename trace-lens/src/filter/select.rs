//! Selects traces.

use super::query::Query;
use crate::model::{SpanSet, Trace};
use crate::read::{parse_duration, parse_rfc3339};

/// A filter for traces. By default it keeps all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    service: Option<String>,
    root: Option<String>,
    since: Option<u64>,
    until: Option<u64>,
    query: Option<Query>,
}

impl Filter {
    /// Creates a filter that keeps every trace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps traces with a span of this service.
    #[must_use]
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Keeps traces whose root has this name, this service, or both with a space between.
    #[must_use]
    pub fn with_root(mut self, root: impl Into<String>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Keeps traces that start at or after this time, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn with_since(mut self, time: u64) -> Self {
        self.since = Some(time);
        self
    }

    /// Keeps traces that start before this time, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn with_until(mut self, time: u64) -> Self {
        self.until = Some(time);
        self
    }

    /// Keeps traces that a query selects.
    #[must_use]
    pub fn with_query(mut self, query: Query) -> Self {
        self.query = Some(query);
        self
    }

    /// Returns whether every trace is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.service.is_none()
            && self.root.is_none()
            && self.since.is_none()
            && self.until.is_none()
            && self.query.is_none()
    }

    /// Returns whether a trace is kept.
    #[must_use]
    pub fn keeps(&self, trace: Trace<'_>) -> bool {
        let has_service = |service: &String| trace.spans().any(|span| span.service() == service);
        let has_root = |root: &String| {
            trace.main().is_some_and(|span| {
                span.name() == root
                    || span.service() == root
                    || format!("{} {}", span.service(), span.name()) == *root
            })
        };
        self.service.as_ref().is_none_or(has_service)
            && self.root.as_ref().is_none_or(has_root)
            && self.since.is_none_or(|since| trace.start() >= since)
            && self.until.is_none_or(|until| trace.start() < until)
            && self.query.as_ref().is_none_or(|query| query.matches(trace))
    }

    /// Removes the traces that are not kept from a set.
    pub fn apply(&self, set: &mut SpanSet) {
        if !self.is_empty() {
            set.retain_traces(|trace| self.keeps(trace));
        }
    }
}

/// Reads a time: RFC 3339, seconds since the Unix epoch, or a duration such as `15m` before `now`; all as nanoseconds
/// since the Unix epoch.
#[must_use]
pub fn parse_time(text: &str, now: u64) -> Option<u64> {
    let seconds = || text.parse::<u64>().ok().and_then(|it| it.checked_mul(1_000_000_000));
    parse_rfc3339(text).or_else(|| parse_duration(text).map(|it| now.saturating_sub(it))).or_else(seconds)
}

/// Reads a duration such as `50ms`, `1.5s` or `2h`, as nanoseconds.
#[must_use]
pub fn parse_span_of_time(text: &str) -> Option<u64> {
    parse_duration(text)
}
