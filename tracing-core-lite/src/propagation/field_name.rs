//! Interning of header names that are only known at run time.

use std::sync::Mutex;

/// Names that OpenTelemetry's propagators use.
const KNOWN: &[&str] = &[
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "uber-trace-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-origin",
    "x-datadog-tags",
];

/// Other names seen so far. They are never freed, so their number is limited.
static SEEN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// The maximum number of names that are kept besides the known ones.
const MAX_SEEN: usize = 64;

/// Returns `name` in lower case, or `None` if the limit is reached: some propagators create a header for every baggage
/// key.
pub(super) fn to_static(name: &str) -> Option<&'static str> {
    if let Some(known) = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return Some(known);
    }
    let mut seen = SEEN.lock().ok()?;
    if let Some(kept) = seen.iter().find(|kept| kept.eq_ignore_ascii_case(name)) {
        return Some(kept);
    }
    if seen.len() == MAX_SEEN {
        return None;
    }
    let kept: &'static str = name.to_ascii_lowercase().leak();
    seen.push(kept);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_last_and_are_bounded() {
        assert_eq!(to_static("X-B3-TraceId"), Some("x-b3-traceid"));
        let first = to_static("X-Mine").unwrap();
        assert!(std::ptr::eq(first, to_static("x-mine").unwrap()));
        for i in 0..2 * MAX_SEEN {
            let _name = to_static(&format!("name-{i}"));
        }
        assert_eq!(to_static("one-too-many"), None);
        assert_eq!(to_static("x-mine"), Some("x-mine"));
    }
}
