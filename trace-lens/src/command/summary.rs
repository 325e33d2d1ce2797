//! The default report: where the time goes, what broke, what depends on what, what is wrong with the tracing.

use trace_lens::Lens;
use trace_lens::analysis::{PatternKind, Summary};
use trace_lens::show::Document;
use trace_lens::show::units::{duration, percent};

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;
use super::{dependencies, errors, quality};

/// How many rows of each table the summary shows.
const ROWS: usize = 5;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    answer(&load(shared)?.merged(Lens::summary)?, &shared.files.join(" "))
}

/// `files` appear in the commands that show more.
pub(crate) fn answer(summary: &Summary, files: &str) -> Result<Answer, Failure> {
    let files = if files.is_empty() { "FILE" } else { files };
    let mut out = Document::new();
    head(summary, &mut out);
    time(summary, files, &mut out);
    let has_errors = broke(summary, files, &mut out);
    depends(summary, files, &mut out);
    let has_findings = tracing(summary, files, &mut out);
    Ok(Answer::new("summary", out, summary)?.with_finding(has_errors || has_findings))
}

fn head(summary: &Summary, out: &mut Document) {
    let (latency, quality) = (&summary.latency.all, &summary.quality);
    out.text(format!(
        "{} spans in {} traces of {} services",
        quality.spans,
        quality.traces,
        quality.services.len(),
    ));
    if latency.durations.count() > 0 {
        out.text(format!(
            "{} requests: median {}, p95 {}, slowest {}; {} failed",
            latency.durations.count(),
            duration(latency.durations.quantile(0.5)),
            duration(latency.durations.quantile(0.95)),
            duration(latency.durations.max()),
            latency.errors,
        ));
    }
}

fn time(summary: &Summary, files: &str, out: &mut Document) {
    let path = &summary.path;
    out.heading("Where the time goes");
    let rows = path.ranked().into_iter().take(ROWS).map(|(service, name, nanos)| {
        vec![service.to_owned(), name.to_owned(), duration(nanos), share(nanos, path.total)]
    });
    out.table(&["service", "operation", "time on the critical path#", "share#"], rows.collect());
    for kind in [PatternKind::RepeatedQuery, PatternKind::RetryStorm, PatternKind::SerialCalls] {
        if let Some((what, pattern)) = summary.patterns.of(kind).first() {
            out.text(format!(
                "{}: {what}, up to {} at once, in {} traces",
                kind.name(),
                pattern.most,
                pattern.traces
            ));
        }
    }
    out.more(format!("trace-lens path {files}"));
    out.more(format!("trace-lens show slowest {files}"));
}

fn broke(summary: &Summary, files: &str, out: &mut Document) -> bool {
    out.heading("What broke");
    let all = &summary.errors;
    if all.with_errors == 0 {
        out.text("nothing: no span failed");
        return false;
    }
    out.text(format!(
        "{} of {} traces have errors; in {} the root failed",
        all.with_errors, all.traces, all.failed
    ));
    errors::causes(all, 3, out);
    out.more(format!("trace-lens errors {files}"));
    true
}

fn depends(summary: &Summary, files: &str, out: &mut Document) {
    out.heading("What depends on what");
    let map = summary.map.with_messages();
    dependencies::edges(&map, ROWS * 2, out);
    dependencies::failure_points(&summary.failure_points, 3, out);
    out.more(format!("trace-lens map {files}"));
}

fn tracing(summary: &Summary, files: &str, out: &mut Document) -> bool {
    out.heading("What is wrong with the tracing");
    let found = quality::findings(&summary.quality, 3, out);
    if !found {
        out.text("nothing was found");
    }
    out.more(format!("trace-lens quality {files}"));
    found
}

/// Returns `part` of `whole` in percent.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn share(part: u64, whole: u64) -> String {
    percent(if whole == 0 { 0.0 } else { part as f64 / whole as f64 })
}
