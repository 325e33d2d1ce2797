//! Reports of names and values beyond their bounds.

use super::value_limits::ValueLimits;
use super::value_stats::{MAX_OFFENDERS, ValueOffender};
use crate::diagnostics::{self, Topic};
use crate::pipeline::view::ValueView;
use crate::redaction;

/// The maximum number of offenders that are logged.
const MAX_LOGGED: u64 = 10;
/// The maximum length of an example, in characters.
const EXAMPLE_LEN: usize = 80;

/// Reports the first name beyond the bound.
pub(super) fn name(bound: usize, example: &str, replaced_by: &str) {
    let example = shown(example);
    diagnostics::warn(
        Topic::Cardinality,
        &format!(
            "there are more than {bound} distinct span names; further ones are exported as a template or as `{replaced_by}`. \
             One of them is {example:?}: leave values that differ per request to attributes"
        ),
    );
}

/// Lists an attribute with too many values, and logs the first ones.
pub(super) fn values(limits: &ValueLimits, span: &[u8], key: &str, value: &[u8]) {
    let bound = limits.bound(key);
    let (span, shown_key) = (shown(&String::from_utf8_lossy(span)), shown(key));
    let example = example(key, value);
    let mut exceeded = 0;
    limits.counts().update(|stats| {
        stats.exceeded += 1;
        exceeded = stats.exceeded;
        if stats.offenders.len() < MAX_OFFENDERS {
            stats.offenders.push(ValueOffender {
                span: span.clone(),
                key: shown_key.clone(),
                bound,
                example: example.clone(),
            });
        }
    });
    if exceeded <= MAX_LOGGED {
        let further = if exceeded == MAX_LOGGED { "; further attributes are only counted" } else { "" };
        diagnostics::warn(
            Topic::Cardinality,
            &format!(
                "the attribute `{shown_key}` of spans called {span:?} has more than {bound} distinct values, such as \
                 {example:?}{further}"
            ),
        );
    }
}

/// Returns a text without secrets, even if the provider exports them, and without its end if it is long.
fn shown(text: &str) -> String {
    redaction::redacted_by_default(text).chars().take(EXAMPLE_LEN).collect()
}

fn example(key: &str, value: &[u8]) -> String {
    if redaction::is_denied_by_default(key) {
        return crate::redact::REDACTED.to_owned();
    }
    match ValueView::read(value) {
        Ok(ValueView::Str(text)) => shown(text),
        Ok(ValueView::Int(number)) => number.to_string(),
        Ok(ValueView::Double(number)) => number.to_string(),
        _ => "(not a text)".to_owned(),
    }
}
