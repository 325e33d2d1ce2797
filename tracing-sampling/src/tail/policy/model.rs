//! The model of a policy, with the names of the Collector's `tail_sampling` processor.

use tracing_core_lite::pipeline::view::StatusCode;

/// One policy: a name and what it does.
///
/// Constructors such as [`Policy::latency`] create one. A trace is kept if any policy keeps it and none drops it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The name, which appears in kept spans and in counts.
    pub name: String,
    /// What the policy does.
    pub kind: PolicyKind,
    /// Whether the policy only counts the traces that it would keep or drop.
    pub dry_run: bool,
}

impl Policy {
    /// Returns the keys of the attributes that the policy reads.
    pub(in crate::tail) fn attributes_read(&self) -> Vec<String> {
        let of_all = |policies: &[Self]| policies.iter().flat_map(Self::attributes_read).collect();
        match &self.kind {
            PolicyKind::Attribute { key, .. } => vec![key.clone()],
            PolicyKind::And(policies) | PolicyKind::Drop(policies) => of_all(policies),
            PolicyKind::Composite { shares, .. } => {
                shares.iter().flat_map(|share| share.policy.attributes_read()).collect()
            }
            PolicyKind::Not(policy) => policy.attributes_read(),
            _ => Vec::new(),
        }
    }
}

/// What a policy does. The variants are the types of the Collector's `tail_sampling` processor.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PolicyKind {
    /// Keeps every trace.
    AlwaysSample,
    /// Keeps traces that take long, from their first start to their last end.
    Latency {
        /// The lower bound in milliseconds.
        threshold_ms: i64,
        /// The upper bound in milliseconds; 0 for none.
        upper_threshold_ms: i64,
    },
    /// Keeps traces in which an attribute of a span or its resource matches.
    Attribute {
        /// The key.
        key: String,
        /// The values that match.
        matches: AttributeMatch,
        /// Whether traces are kept in which nothing matches.
        invert: bool,
    },
    /// Keeps a share of all traces.
    Probabilistic {
        /// The share in percent.
        sampling_percentage: f64,
    },
    /// Keeps traces with a span of one of these statuses.
    StatusCode(Vec<StatusCode>),
    /// Keeps traces with a span whose tracestate has this member.
    TraceState {
        /// The key of the member.
        key: String,
        /// The values that match.
        values: Vec<String>,
    },
    /// Keeps traces with a span that is marked as sampled.
    TraceFlags,
    /// Keeps up to this many spans per second.
    RateLimiting {
        /// Spans per second.
        spans_per_second: u64,
        /// The largest burst in spans; twice the rate if it is `None`.
        burst_capacity: Option<u64>,
    },
    /// Keeps up to this many bytes per second.
    BytesLimiting {
        /// Bytes per second.
        bytes_per_second: u64,
        /// The largest burst in bytes; twice the rate if it is `None`.
        burst_capacity: Option<u64>,
    },
    /// Keeps traces by their number of spans.
    SpanCount {
        /// The lower bound, inclusive.
        min_spans: u64,
        /// The upper bound, inclusive; 0 for none.
        max_spans: u64,
    },
    /// Keeps traces that all of these keep.
    And(Vec<Policy>),
    /// Drops traces that all of these keep. Takes precedence over every other policy.
    Drop(Vec<Policy>),
    /// Shares a rate among policies.
    Composite {
        /// Spans per second of all shares together.
        max_total_spans_per_second: u64,
        /// The shares, in the order in which they are evaluated.
        shares: Vec<Share>,
    },
    /// Keeps traces that this policy does not keep.
    Not(Box<Policy>),
}

/// A policy within `composite`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// The policy.
    pub policy: Policy,
    /// Spans per second; an equal part of the total if it is `None`.
    pub spans_per_second: Option<u64>,
}

impl Share {
    /// Creates an equal share.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, spans_per_second: None }
    }

    /// Sets the spans per second.
    #[must_use]
    pub fn with_spans_per_second(mut self, spans_per_second: u64) -> Self {
        self.spans_per_second = Some(spans_per_second);
        self
    }
}

/// The values of an attribute that match.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeMatch {
    /// Texts.
    Text(TextMatch),
    /// Integers from the first to the second, both inclusive.
    Range(i64, i64),
    /// This bool.
    Bool(bool),
}

/// How texts are compared.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TextMatch {
    /// Equal to one of these.
    Exact(Vec<String>),
    /// A match of one of these regular expressions.
    Regex(Vec<String>),
}
