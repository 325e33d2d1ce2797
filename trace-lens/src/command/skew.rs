//! `skew`: which hosts have clocks that differ.

use serde_json::json;
use trace_lens::analysis::{Adjustment, correct};
use trace_lens::model::Tree;
use trace_lens::show::Document;
use trace_lens::show::units::signed_duration;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let lens = load(shared)?;
    let skew = lens.skew();
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
    let mut spans = Vec::new();
    for trace in lens.traces() {
        let tree = Tree::new(trace);
        for (span, adjustment) in correct(&tree, u64::MAX).adjustments {
            if let Adjustment::Moved { nanos } = adjustment {
                let it = tree.span(span);
                spans.push((nanos, it.trace_id(), it.id(), it.service(), it.name(), it.start()));
            }
        }
    }
    spans.sort_by_key(|it| std::cmp::Reverse(it.0.unsigned_abs()));
    if !spans.is_empty() {
        out.heading("Corrections, the largest first (recorded times are kept; --raw-times uses them)");
    }
    let rows = spans.iter().take(shared.options.limit).map(|(nanos, trace, _, service, name, _)| {
        vec![signed_duration(*nanos), (*service).to_owned(), (*name).to_owned(), format!("{trace:032x}")]
    });
    out.table(&["moved#", "service", "operation", "trace"], rows.collect());
    let hosts = pairs.iter().map(|(from, to, it)| {
        json!({ "caller": from, "callee": to, "calls": it.calls, "moved": it.moved, "mean": it.mean(), "least": it.least, "most": it.most })
    });
    let hosts: Vec<_> = hosts.collect();
    let moved = spans.iter().map(|(nanos, trace, id, service, name, start)| {
        json!({ "trace_id": format!("{trace:032x}"), "span_id": format!("{id:016x}"), "service": service, "name": name,
                "moved": nanos, "raw_start": start })
    });
    let result = json!({ "hosts": hosts, "spans": moved.collect::<Vec<_>>() });
    Ok(Answer::new("skew", out, &result)?.with_finding(!pairs.is_empty()))
}
