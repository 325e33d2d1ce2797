//! Where readers put spans, and what they count.

use std::borrow::Cow;
use std::sync::Arc;

use super::report::Problem;
use crate::model::{Builder, Row};
use crate::spill::Overflow;

/// How many problems of a file are kept; the others are only counted.
const MAX_PROBLEMS: usize = 20;

/// The spans and problems of one thread that reads.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) builder: Builder,
    /// Records that could not be read.
    pub(crate) skipped: u64,
    /// Spans that were moved from the builder to disk.
    pub(crate) spilled: u64,
    /// Log and metric records, which are not spans.
    pub(crate) other_signals: u64,
    pub(crate) problems: Vec<Problem>,
    /// Why spans of the current line or message were skipped.
    reason: Option<Cow<'static, str>>,
    overflow: Option<Arc<Overflow>>,
    /// The memory of the builder that `overflow` knows of.
    held: usize,
}

impl Sink {
    /// Spans go to `overflow` when there are too many.
    pub(crate) fn new(overflow: Option<Arc<Overflow>>) -> Self {
        Self {
            overflow,
            held: 0,
            builder: Builder::new(),
            skipped: 0,
            spilled: 0,
            other_signals: 0,
            problems: Vec::new(),
            reason: None,
        }
    }

    /// Adds a span whose attributes, events and links were added, or counts it as skipped if it has no ids.
    pub(crate) fn span(&mut self, row: &Row) {
        let missing = match (row.trace_id, row.span_id) {
            (0, _) => Some("a span has no trace id"),
            (_, 0) => Some("a span has no span id"),
            _ => None,
        };
        match missing {
            Some(reason) => {
                self.builder.discard_open();
                self.skip(reason);
            }
            None => self.builder.span(row),
        }
    }

    /// Counts a record as skipped.
    pub(crate) fn skip(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.skipped += 1;
        self.reason.get_or_insert_with(|| reason.into());
    }

    /// Moves the spans to disk if there are too many. All entries of the builder, such as texts and resources, are
    /// invalid afterwards, so this is called between documents.
    pub(crate) fn relieve(&mut self) {
        if let Some(overflow) = &self.overflow {
            self.spilled += overflow.offer(&mut self.builder, &mut self.held);
        }
    }

    /// Notes a problem. `records` records could not be read because of it.
    pub(crate) fn problem(&mut self, problem: Problem, records: u64) {
        self.skipped += records;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Notes why spans were skipped since the last call, if any were.
    pub(crate) fn settle(&mut self, problem: impl FnOnce(String) -> Problem) {
        if let Some(reason) = self.reason.take() {
            self.problem(problem(reason.into_owned()), 0);
        }
    }
}
