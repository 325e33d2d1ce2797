//! Constructors of policies.

use std::ops::RangeInclusive;
use std::time::Duration;

use tracing_core_lite::pipeline::view::StatusCode;

use super::model::{AttributeMatch, Policy, PolicyKind, Share, TextMatch};

impl Policy {
    /// Creates a policy.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: PolicyKind) -> Self {
        Self { name: name.into(), kind, dry_run: false }
    }

    /// Keeps every trace.
    #[must_use]
    pub fn always_sample(name: impl Into<String>) -> Self {
        Self::new(name, PolicyKind::AlwaysSample)
    }

    /// Keeps traces that take at least `threshold`, in whole milliseconds.
    #[must_use]
    pub fn latency(name: impl Into<String>, threshold: Duration) -> Self {
        let threshold_ms = i64::try_from(threshold.as_millis()).unwrap_or(i64::MAX);
        Self::new(name, PolicyKind::Latency { threshold_ms, upper_threshold_ms: 0 })
    }

    /// Keeps traces in which an attribute is an integer in `range`.
    #[must_use]
    pub fn numeric_attribute(
        name: impl Into<String>,
        key: impl Into<String>,
        range: RangeInclusive<i64>,
    ) -> Self {
        Self::attribute(name, key, AttributeMatch::Range(*range.start(), *range.end()))
    }

    /// Keeps traces in which an attribute is one of `values`.
    #[must_use]
    pub fn string_attribute<T: Into<String>>(
        name: impl Into<String>,
        key: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self::attribute(name, key, AttributeMatch::Text(TextMatch::Exact(values)))
    }

    /// Keeps traces in which an attribute matches one of these regular expressions.
    #[must_use]
    pub fn string_attribute_regex<T: Into<String>>(
        name: impl Into<String>,
        key: impl Into<String>,
        patterns: impl IntoIterator<Item = T>,
    ) -> Self {
        let patterns = patterns.into_iter().map(Into::into).collect();
        Self::attribute(name, key, AttributeMatch::Text(TextMatch::Regex(patterns)))
    }

    /// Keeps traces in which an attribute is `value`.
    #[must_use]
    pub fn boolean_attribute(name: impl Into<String>, key: impl Into<String>, value: bool) -> Self {
        Self::attribute(name, key, AttributeMatch::Bool(value))
    }

    fn attribute(name: impl Into<String>, key: impl Into<String>, matches: AttributeMatch) -> Self {
        Self::new(name, PolicyKind::Attribute { key: key.into(), matches, invert: false })
    }

    /// Keeps this share of all traces, in percent.
    #[must_use]
    pub fn probabilistic(name: impl Into<String>, sampling_percentage: f64) -> Self {
        Self::new(name, PolicyKind::Probabilistic { sampling_percentage })
    }

    /// Keeps traces with a span of one of these statuses.
    #[must_use]
    pub fn status_code(name: impl Into<String>, codes: impl IntoIterator<Item = StatusCode>) -> Self {
        Self::new(name, PolicyKind::StatusCode(codes.into_iter().collect()))
    }

    /// Keeps traces with a span whose tracestate has the member `key` with one of `values`.
    #[must_use]
    pub fn trace_state<T: Into<String>>(
        name: impl Into<String>,
        key: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self::new(name, PolicyKind::TraceState { key: key.into(), values })
    }

    /// Keeps traces with a span that is marked as sampled.
    #[must_use]
    pub fn trace_flags(name: impl Into<String>) -> Self {
        Self::new(name, PolicyKind::TraceFlags)
    }

    /// Keeps up to this many spans per second.
    #[must_use]
    pub fn rate_limiting(name: impl Into<String>, spans_per_second: u64) -> Self {
        Self::new(name, PolicyKind::RateLimiting { spans_per_second, burst_capacity: None })
    }

    /// Keeps up to this many bytes per second.
    #[must_use]
    pub fn bytes_limiting(name: impl Into<String>, bytes_per_second: u64) -> Self {
        Self::new(name, PolicyKind::BytesLimiting { bytes_per_second, burst_capacity: None })
    }

    /// Keeps traces with at least this many spans.
    #[must_use]
    pub fn span_count(name: impl Into<String>, min_spans: u64) -> Self {
        Self::new(name, PolicyKind::SpanCount { min_spans, max_spans: 0 })
    }

    /// Keeps traces that all of `policies` keep.
    #[must_use]
    pub fn and(name: impl Into<String>, policies: impl IntoIterator<Item = Self>) -> Self {
        Self::new(name, PolicyKind::And(policies.into_iter().collect()))
    }

    /// Drops traces that all of `policies` keep. Takes precedence over every other policy.
    #[must_use]
    pub fn drop(name: impl Into<String>, policies: impl IntoIterator<Item = Self>) -> Self {
        Self::new(name, PolicyKind::Drop(policies.into_iter().collect()))
    }

    /// Shares a rate among policies, which are evaluated in order.
    #[must_use]
    pub fn composite(
        name: impl Into<String>,
        max_total_spans_per_second: u64,
        shares: impl IntoIterator<Item = Share>,
    ) -> Self {
        let shares = shares.into_iter().collect();
        Self::new(name, PolicyKind::Composite { max_total_spans_per_second, shares })
    }

    /// Keeps traces that `policy` does not keep.
    #[must_use]
    pub fn not(name: impl Into<String>, policy: Self) -> Self {
        Self::new(name, PolicyKind::Not(Box::new(policy)))
    }

    /// Inverts the policy: it keeps traces that it would not match. Only policies on attributes can be inverted; others are
    /// unchanged. See
    /// [`Policy::not`].
    #[must_use]
    pub fn inverted(mut self) -> Self {
        if let PolicyKind::Attribute { invert, .. } = &mut self.kind {
            *invert = true;
        }
        self
    }

    /// Makes the policy only count the traces that it would keep or drop.
    #[must_use]
    pub fn with_dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}
