//! The handle of a report that is being made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::SpanContext;

use super::report::{Example, Issue, IssueReport, QualityReport};

/// The file in which an internal root was started (semantic conventions, registry `code`).
pub(crate) const FILE: &str = "code.file.path";
/// The line in that file.
pub(crate) const LINE: &str = "code.line.number";

/// The maximum length of a name in an example, in characters.
const NAME_LEN: usize = 120;

/// Finds broken context in the spans of a provider. Clones share one report. See the [module](super).
#[derive(Debug, Clone, Default)]
pub struct LiveQuality(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    spans: u64,
    issues: [Option<IssueReport>; Issue::ALL.len()],
}

impl LiveQuality {
    /// Creates an empty report.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what has been found so far.
    #[must_use]
    pub fn report(&self) -> QualityReport {
        let found = self.found();
        QualityReport { spans: found.spans, issues: found.issues.iter().flatten().cloned().collect() }
    }

    /// Returns what has been found so far, and starts again.
    #[must_use]
    pub fn take_report(&self) -> QualityReport {
        let found = std::mem::take(&mut *self.found());
        QualityReport { spans: found.spans, issues: found.issues.into_iter().flatten().collect() }
    }

    pub(super) fn examined(&self, spans: u64) {
        self.found().spans += spans;
    }

    /// Counts an issue. `example` is called for the first one.
    pub(super) fn add(&self, issue: Issue, example: impl FnOnce() -> Example) {
        let mut found = self.found();
        match &mut found.issues[issue as usize] {
            Some(report) => report.count += 1,
            none => {
                let mut example = example();
                if let Some((end, _)) = example.name.char_indices().nth(NAME_LEN) {
                    example.name.truncate(end);
                }
                *none = Some(IssueReport { issue, count: 1, example });
            }
        }
    }

    /// Counts a span whose sampling decision differs from that of `parent`.
    #[cold]
    pub(crate) fn disagrees(&self, parent: &SpanContext, is_sampled: bool, name: &str) {
        self.add(Issue::SamplingDisagreement, || Example {
            trace_id: parent.trace_id(),
            span_id: parent.span_id(),
            name: name.to_owned(),
            evidence: match (is_sampled, parent.is_remote()) {
                (true, true) => "sampled below a remote parent that is not",
                (true, false) => "sampled below a parent that is not",
                (false, true) => "not sampled below a remote parent that is",
                (false, false) => "not sampled below a parent that is",
            }
            .to_owned(),
        });
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
