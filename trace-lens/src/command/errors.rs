//! `errors`: what broke, and why.

use serde_json::json;
use trace_lens::Lens;
use trace_lens::analysis::ErrorSummary;
use trace_lens::show::Document;
use trace_lens::show::units::percent;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let errors = load(shared)?.merged(Lens::errors)?;
    let mut out = Document::new();
    out.heading(format!(
        "{} of {} traces have errors; in {} the root failed",
        errors.with_errors, errors.traces, errors.failed
    ));
    causes(&errors, shared.options.limit, &mut out);
    if let Some((_, group)) = errors.ranked().first()
        && let Some(example) = group.examples.first()
    {
        out.more(format!("trace-lens show {example} {}", shared.files.join(" ")));
    }
    let groups = errors.ranked().into_iter().map(|(key, group)| {
        let mut parts = key.split('\t');
        let mut part = || parts.next().unwrap_or_default();
        json!({
            "service": part(), "operation": part(), "error_type": part(), "traces": group.traces,
            "adjusted": group.adjusted, "reached_root": group.reached_root, "handled": group.handled,
            "retried": group.retried, "chains": group.chains, "messages": group.messages,
            "examples": group.examples, "not_called": errors.not_called(group),
        })
    });
    let result = json!({
        "traces": errors.traces, "with_errors": errors.with_errors, "failed": errors.failed,
        "causes": groups.collect::<Vec<_>>(),
    });
    Ok(Answer::new("errors", out, &result)?.with_finding(errors.with_errors > 0))
}

/// Adds causes, their chains, and what was not called.
pub(crate) fn causes(errors: &ErrorSummary, limit: usize, out: &mut Document) {
    let ranked = errors.ranked();
    let count = ranked.len();
    for (key, group) in ranked.into_iter().take(limit) {
        let mut parts = key.split('\t');
        let mut part = || parts.next().unwrap_or_default();
        let (service, operation, error_type) = (part(), part(), part());
        let error_type = if error_type.is_empty() { "error" } else { error_type };
        let message = group
            .messages
            .keys()
            .next()
            .filter(|it| *it != error_type)
            .map_or(String::new(), |it| format!(" ({it})"));
        out.bad(format!("{error_type} at {service}, {operation}{message}: {} traces", group.traces));
        for (chain, traces) in &group.chains {
            out.text(format!("    {chain}: {traces}"));
        }
        let handled = match (group.handled, group.retried) {
            (0, _) => String::new(),
            (handled, 0) => format!("    handled in {handled}"),
            (handled, retried) => format!("    handled in {handled}; a later attempt succeeded in {retried}"),
        };
        if !handled.is_empty() {
            out.text(handled);
        }
        for missing in errors.not_called(group) {
            out.text(format!(
                "    not called: {} by {} (called in {} of good traces)",
                missing.callee,
                missing.caller,
                percent(missing.expected)
            ));
        }
    }
    if count > limit {
        out.text(format!("and {} more causes", count - limit));
    }
}
