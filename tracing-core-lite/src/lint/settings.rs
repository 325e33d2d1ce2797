//! Whether spans are linted, and how findings are logged.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::finding::LintFinding;
use crate::pipeline::Exporter;

/// The maximum number of findings that are kept.
const MAX_FINDINGS: usize = 1000;

/// The lint of span names and attributes. See the [module](crate::lint).
///
/// A provider in a debug build applies [`Lint::warnings`], and in a release build [`Lint::off`]. `testing::TestSpans` applies
/// [`Lint::warnings`] in both.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::lint::Lint;
///
/// let lint = Lint::errors();
/// let provider = TracerProvider::builder().with_lint(lint.clone()).build()?;
/// // …
/// assert_eq!(lint.findings(), []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Lint {
    pub(super) level: Level,
    /// Creates the stage. Without it, the linker can leave out the lint and its data.
    wrap: Option<Wrap>,
    findings: Arc<Mutex<Vec<LintFinding>>>,
}

pub(super) type Wrap = fn(Lint, &[u8], Box<dyn Exporter>) -> Box<dyn Exporter>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Off,
    Warning,
    Error,
}

impl fmt::Debug for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lint").field(&self.level).finish()
    }
}

impl Lint {
    pub(super) fn new(level: Level, wrap: Option<Wrap>) -> Self {
        Self { level, wrap, findings: Arc::default() }
    }

    /// Returns the findings of this lint and its clones so far: the first 1,000, each once. Spans that were not exported yet have
    /// no findings.
    #[must_use]
    pub fn findings(&self) -> Vec<LintFinding> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a finding. Returns whether there is room for it.
    pub(super) fn add(&self, finding: LintFinding) -> bool {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = findings.len() < MAX_FINDINGS;
        if has_room {
            findings.push(finding);
        }
        has_room
    }

    /// Puts the lint in front of `exporter`, unless it is off. `resource` is that of all spans, as an encoded field of
    /// `ResourceSpans`.
    pub(crate) fn in_front_of(self, resource: &[u8], exporter: Box<dyn Exporter>) -> Box<dyn Exporter> {
        match self.wrap {
            Some(wrap) => wrap(self, resource, exporter),
            None => exporter,
        }
    }
}
