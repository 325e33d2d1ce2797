//! `skew`: which hosts have clocks that differ.

use serde_json::json;
use trace_lens::show::Document;
use trace_lens::show::units::signed_duration;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

/// How many spans JSON lists at least, if there are that many.
const SPANS: usize = 1_000;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let most = shared.options.limit.max(SPANS);
    let (skew, corrections) = load(shared)?.merged(|lens| (lens.skew(), lens.corrections(most)))?;
    let mut out = Document::new();
    out.heading("Hosts whose clocks differ");
    let pairs =
        skew.hosts.iter().flat_map(|(from, callees)| callees.iter().map(move |(to, it)| (from, to, it)));
    let mut pairs: Vec<_> = pairs.filter(|it| it.2.moved > 0).collect();
    pairs.sort_by(|a, b| b.2.moved.cmp(&a.2.moved).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
    if pairs.is_empty() {
        out.text("none: each span on another host fits into its parent");
    }
    let rows = pairs.iter().take(shared.options.limit).map(|(from, to, it)| {
        let span = |nanos: i64| signed_duration(nanos);
        vec![
            (*from).clone(),
            (*to).clone(),
            it.calls.to_string(),
            it.moved.to_string(),
            span(it.mean()),
            span(it.least),
            span(it.most),
        ]
    });
    out.table(
        &["caller's host", "callee's host", "calls#", "outside#", "mean correction#", "least#", "most#"],
        rows.collect(),
    );
    if !corrections.spans.is_empty() {
        out.heading("Corrections, the largest first (recorded times are kept; --raw-times uses them)");
    }
    let rows =
        corrections.spans.iter().take(shared.options.limit).map(|it| {
            vec![signed_duration(it.moved), it.service.clone(), it.name.clone(), it.trace_id.clone()]
        });
    out.table(&["moved#", "service", "operation", "trace"], rows.collect());
    let hosts = pairs.iter().map(|(from, to, it)| {
        json!({ "caller": from, "callee": to, "calls": it.calls, "moved": it.moved, "mean": it.mean(), "least": it.least, "most": it.most })
    });
    let hosts: Vec<_> = hosts.collect();
    let result = json!({ "hosts": hosts, "moved": corrections.count, "spans": corrections.spans });
    Ok(Answer::new("skew", out, &result)?.with_finding(!pairs.is_empty()))
}
