//! The report.

use std::fmt;

use opentelemetry::trace::{SpanId, TraceId};

/// A way in which context is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Issue {
    /// A request without a parent, from a peer that used to send one.
    MissingParent,
    /// A span that ended after the first span of its request in this process.
    EndedAfterRoot,
    /// A span that started after its parent had ended.
    OutlivedSpan,
    /// A root that started where such spans usually have a parent.
    LostContext,
    /// A span whose sampling decision differs from its parent's.
    SamplingDisagreement,
}

impl Issue {
    pub(super) const ALL: [Self; 5] = [
        Self::MissingParent,
        Self::EndedAfterRoot,
        Self::OutlivedSpan,
        Self::LostContext,
        Self::SamplingDisagreement,
    ];

    /// Returns what happened, for people.
    fn title(self) -> &'static str {
        match self {
            Self::MissingParent => "requests without a parent from peers that used to send one",
            Self::EndedAfterRoot => "spans that ended after their root",
            Self::OutlivedSpan => "spans that started after their parent had ended",
            Self::LostContext => "roots where such spans usually have a parent",
            Self::SamplingDisagreement => "spans whose sampling decision differs from their parent's",
        }
    }
}

/// The first span with an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The trace of the span.
    pub trace_id: TraceId,
    /// The span, or its parent for a [`SamplingDisagreement`](Issue::SamplingDisagreement).
    pub span_id: SpanId,
    /// The name of the span.
    pub name: String,
    /// The evidence, such as `peer 10.0.0.7` or `started at src/jobs.rs:41`.
    pub evidence: String,
}

/// An issue, how often it occurred, and its first example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssueReport {
    /// The issue.
    pub issue: Issue,
    /// The number of spans with it.
    pub count: u64,
    /// The first of them.
    pub example: Example,
}

/// The issues that a [`LiveQuality`](super::LiveQuality) has found. `Display` writes a line for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QualityReport {
    /// The number of spans that were examined.
    pub spans: u64,
    /// The issues that occurred.
    pub issues: Vec<IssueReport>,
}

impl QualityReport {
    /// Returns whether no issue occurred.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.issues.is_empty()
    }

    /// Returns how often `issue` occurred.
    #[must_use]
    pub fn count(&self, issue: Issue) -> u64 {
        self.of(issue).map_or(0, |report| report.count)
    }

    /// Returns the count and the example of `issue`, or `None` if it did not occur.
    #[must_use]
    pub fn of(&self, issue: Issue) -> Option<&IssueReport> {
        self.issues.iter().find(|report| report.issue == issue)
    }
}

impl fmt::Display for QualityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return write!(f, "no broken context in {} spans", self.spans);
        }
        write!(f, "broken context in {} spans:", self.spans)?;
        for IssueReport { issue, count, example } in &self.issues {
            let Example { trace_id, span_id, name, evidence } = example;
            write!(f, "\n{count:>8} {}", issue.title())?;
            write!(f, "\n         first: {name:?}, {evidence}, trace {trace_id}, span {span_id}")?;
        }
        Ok(())
    }
}
