//! `diff`: compares two traces, or two files of traces.

use serde_json::json;
use trace_lens::Lens;
use trace_lens::analysis::{diff_sets, diff_traces};
use trace_lens::show::Document;
use trace_lens::show::units::{duration, signed_duration};

use super::answer::{Answer, Failure};
use super::args::DiffArgs;
use super::input::load_files;

pub(crate) fn run(args: &DiffArgs) -> Result<Answer, Failure> {
    if args.files.is_empty() { sets(args) } else { traces(args) }
}

fn change(left: u64, right: u64) -> String {
    let nanos = i128::from(right) - i128::from(left);
    signed_duration(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
}

fn traces(args: &DiffArgs) -> Result<Answer, Failure> {
    let traces = load_files(&args.files, &args.options)?;
    let (left, right) = (traces.find(&args.left)?, traces.find(&args.right)?);
    let (left, right) = (left.trace()?, right.trace()?);
    let spans = diff_traces(left, right);
    let mut out = Document::new();
    out.heading(format!("{:032x} and {:032x}", left.id(), right.id()));
    let rows = spans.iter().map(|it| {
        let time = |nanos: Option<u64>| nanos.map_or("-".to_owned(), duration);
        let difference = match (it.left, it.right) {
            (Some(left), Some(right)) => change(left, right),
            (Some(_), None) => "only in the first".to_owned(),
            _ => "only in the second".to_owned(),
        };
        let failed = match it.failed {
            (false, true) => "fails now",
            (true, false) => "failed before",
            (true, true) => "fails in both",
            (false, false) => "",
        };
        let name = format!("{}{}", "  ".repeat(it.depth.min(20)), it.name);
        vec![it.service.clone(), name, time(it.left), time(it.right), difference, failed.to_owned()]
    });
    out.table(&["service", "operation", "first#", "second#", "difference#", ""], rows.collect());
    let differs =
        spans.iter().any(|it| it.left.is_none() || it.right.is_none() || it.failed.0 != it.failed.1);
    Ok(Answer::new("diff", out, &json!({ "spans": spans }))?.with_finding(differs))
}

fn sets(args: &DiffArgs) -> Result<Answer, Failure> {
    let durations =
        |file: &String| load_files(std::slice::from_ref(file), &args.options)?.merged(Lens::durations);
    let (left, right) = (durations(&args.left)?, durations(&args.right)?);
    let places = diff_sets(&left, &right);
    let mut out = Document::new();
    out.heading(format!("{} traces and {} traces", left.traces, right.traces));
    let changed: Vec<_> = places.iter().filter(|it| it.is_significant()).collect();
    if changed.is_empty() {
        out.text("no significant difference");
    }
    let rows = changed.iter().take(args.options.limit).map(|it| {
        let counts = [it.count.0.to_string(), it.count.1.to_string()];
        let times =
            [duration(it.p50.0), duration(it.p50.1), change(it.p50.0, it.p50.1), change(it.p95.0, it.p95.1)];
        let errors = [it.errors.0.to_string(), it.errors.1.to_string()];
        [it.place.clone()].into_iter().chain(counts).chain(times).chain(errors).collect()
    });
    let titles = ["where", "spans#", "then#", "p50#", "then#", "change#", "of p95#", "failed#", "then#"];
    out.table(&titles, rows.collect());
    Ok(Answer::new("diff", out, &json!({ "traces": [left.traces, right.traces], "places": places }))?
        .with_finding(!changed.is_empty()))
}
