//! Checks spans against the semantic conventions and the rules for good names.
//!
//! In debug builds, a provider checks each name and each combination of attributes once, on the export thread, and logs what it
//! finds as warnings. [`Lint`] turns this off, or logs errors. Tests can check the spans of a
//! `testing::TestSpans` with [`lint`].

mod attributes;
mod finding;
mod levels;
mod registered;
mod registry;
#[rustfmt::skip]
mod registry_data;
mod settings;
mod stage;

pub use finding::{LintFinding, LintProblem};
pub use settings::Lint;

use crate::naming::check_name;
use crate::span::data::FinishedSpan;

/// Returns what is wrong with the names and attributes of `spans`, each problem once.
///
/// Names must not be generic or contain identifiers (see [`check_name`]). Attributes must not be deprecated, must have the type
/// of the semantic conventions, must be registered if their namespace is reserved, must be shorter than 4 KiB, and must not
/// repeat another attribute.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use tracing_core_lite::testing::{LintProblem, TestSpans, lint};
///
/// let spans = TestSpans::new();
/// spans.tracer().span("GET /users/12345").start_with(|span| {
///     span.set("http.method", "GET");
/// });
/// let findings = lint(&spans.finished());
/// assert_eq!(findings.len(), 2);
/// assert!(findings[1].to_string().contains("http.request.method"));
/// # assert!(matches!(findings[1].problem, LintProblem::Deprecated { .. }));
/// # }
/// ```
///
/// The data is that of the semantic conventions 1.44.0.
#[must_use]
pub fn lint(spans: &[FinishedSpan]) -> Vec<LintFinding> {
    let mut findings: Vec<LintFinding> = Vec::new();
    let mut add = |finding: LintFinding| {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    };
    for finished in spans {
        let name = &finished.span.name;
        if let Some(problem) = check_name(name) {
            add(LintFinding { span: name.clone(), key: None, problem: LintProblem::Name(problem) });
        }
        attributes::check(&finished.span.attributes, &finished.resource, &mut |key, problem| {
            add(LintFinding { span: name.clone(), key: Some(key.to_owned()), problem });
        });
        for event in &finished.span.events {
            attributes::check(&event.attributes, &[], &mut |key, problem| {
                add(LintFinding { span: name.clone(), key: Some(key.to_owned()), problem });
            });
        }
    }
    findings
}
