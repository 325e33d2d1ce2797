//! Results of checks as JUnit XML, and as annotations of GitHub Actions.

use std::fmt::Write;

use super::limit::{CheckResult, Verdict};
use crate::show::clean;

/// Returns a result as a line of text.
#[must_use]
pub fn message(result: &CheckResult) -> String {
    let shown = |number: Option<f64>| number.map_or("unknown".to_owned(), |it| figure(&result.figure, it));
    let baseline =
        result.baseline.map_or(String::new(), |it| format!(", baseline {}", figure(&result.figure, it)));
    match result.verdict {
        Verdict::TooLittleData => {
            format!("{}: too little data for the limit {}{baseline}", result.figure, result.limit)
        }
        _ => format!("{}: {} (at most {}{baseline})", result.figure, shown(result.value), shown(result.most)),
    }
}

/// Returns a figure in its unit, which its name tells.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn figure(name: &str, value: f64) -> String {
    let last = name.rsplit('.').next().unwrap_or_default();
    match last {
        "p50" | "p90" | "p95" | "p99" | "max" | "mean" => crate::show::units::duration(value as u64),
        "rate" => crate::show::units::percent(value),
        _ if name.starts_with("path.share.") => crate::show::units::percent(value),
        _ => value.to_string(),
    }
}

/// Returns the results as JUnit XML. A check without enough data is a test that was skipped.
#[must_use]
pub fn junit(results: &[CheckResult]) -> String {
    let count = |verdict| results.iter().filter(|it| it.verdict == verdict).count();
    let (failed, skipped) = (count(Verdict::Failed), count(Verdict::TooLittleData));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<testsuite name=\"trace-lens\" tests=\"{}\" failures=\"{failed}\" skipped=\"{skipped}\">",
        results.len()
    );
    for result in results {
        let name = xml(&format!("{} ≤ {}", result.figure, result.limit));
        let inner = match result.verdict {
            Verdict::Passed => String::new(),
            Verdict::Failed => format!("<failure message=\"{}\"/>", xml(&message(result))),
            Verdict::TooLittleData => format!("<skipped message=\"{}\"/>", xml(&message(result))),
        };
        let _ = writeln!(out, "  <testcase classname=\"trace-lens\" name=\"{name}\">{inner}</testcase>");
    }
    out.push_str("</testsuite>\n");
    out
}

/// Returns the failures, and what could not be checked, as annotations of GitHub Actions.
#[must_use]
pub fn github(results: &[CheckResult]) -> String {
    let mut out = String::new();
    for result in results {
        let level = match result.verdict {
            Verdict::Passed => continue,
            Verdict::Failed => "error",
            Verdict::TooLittleData => "warning",
        };
        let text = message(result).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let _ = writeln!(out, "::{level} title=trace-lens::{text}");
    }
    out
}

fn xml(text: &str) -> String {
    let text = clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}
