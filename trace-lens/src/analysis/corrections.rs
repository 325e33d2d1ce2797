//! The spans that the correction of clock skew moves furthest.

use std::cmp::Reverse;

use serde::Serialize;

use super::merge::Merge;
use super::skew::{Adjustment, correct};
use crate::model::Tree;

/// A span that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Correction {
    /// The id of the trace, in hex.
    pub trace_id: String,
    /// The id of the span, in hex.
    pub span_id: String,
    /// The service.
    pub service: String,
    /// The name of the span.
    pub name: String,
    /// The nanoseconds by which it was moved.
    pub moved: i64,
    /// The recorded start, in nanoseconds since the Unix epoch.
    pub raw_start: u64,
}

/// The spans that were moved furthest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Corrections {
    /// The number of spans that were moved.
    pub count: u64,
    /// The one that was moved furthest first.
    pub spans: Vec<Correction>,
    #[serde(skip)]
    limit: usize,
}

impl Corrections {
    pub(crate) fn new(limit: usize) -> Self {
        Self { count: 0, spans: Vec::new(), limit }
    }

    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        for (span, adjustment) in correct(tree, u64::MAX).adjustments {
            let Adjustment::Moved { nanos } = adjustment else { continue };
            self.count += 1;
            let it = tree.span(span);
            self.spans.push(Correction {
                trace_id: format!("{:032x}", it.trace_id()),
                span_id: format!("{:016x}", it.id()),
                service: it.service().to_owned(),
                name: it.name().to_owned(),
                moved: nanos,
                raw_start: it.start(),
            });
        }
        // Sorting after each trace would be slow.
        if self.spans.len() > self.limit.saturating_mul(2).saturating_add(1_000) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let key = |it: &Correction| Reverse(it.moved.unsigned_abs());
        self.spans.sort_by(|a, b| {
            key(a).cmp(&key(b)).then_with(|| {
                (&a.trace_id, a.raw_start, &a.span_id).cmp(&(&b.trace_id, b.raw_start, &b.span_id))
            })
        });
        self.spans.truncate(self.limit);
    }

    /// Returns the spans in order.
    pub(crate) fn finish(mut self) -> Self {
        self.cut();
        self
    }
}

impl Merge for Corrections {
    fn merge_from(&mut self, other: Self) {
        self.count += other.count;
        self.limit = self.limit.max(other.limit);
        self.spans.extend(other.spans);
        self.cut();
    }
}
