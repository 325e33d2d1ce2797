//! `path`: where the time goes.

use serde_json::json;
use trace_lens::Lens;
use trace_lens::analysis::{PathTotals, Schedule, SelfTimes};
use trace_lens::filter::parse_span_of_time;
use trace_lens::model::Trace;
use trace_lens::show::Document;
use trace_lens::show::units::{duration, percent};

use super::answer::{Answer, Failure};
use super::args::PathArgs;
use super::input::{Found, load};
use super::summary::share;

pub(crate) fn run(args: &PathArgs) -> Result<Answer, Failure> {
    let traces = load(&args.shared)?;
    if let Some(id) = &args.trace {
        return one(&traces.find(id)?, args);
    }
    let (path, self_times) = traces.merged(|lens| (lens.path_totals(), lens.self_times()))?;
    if path.traces == 1 { one(&traces.find("slowest")?, args) } else { all(&path, &self_times, args) }
}

fn one(found: &Found<'_>, args: &PathArgs) -> Result<Answer, Failure> {
    let (lens, trace) = (found.lens(), found.trace()?);
    let path = lens.critical_path(trace);
    let mut out = Document::new();
    let partial = if path.is_partial { "; partial: the trace has no root" } else { "" };
    out.heading(format!("Critical path of trace {} ({}{partial})", path.trace_id, duration(path.duration)));
    out.text(format!("dominant chain: {}", path.chain.join(" → ")));
    if !path.alternative_chain.is_empty() {
        let beside = path.alternative_chain.join(" → ");
        out.text(format!(
            "beside it: {beside}, which takes over if the calls above get faster (inferred from timing)"
        ));
    }
    let services = path
        .services
        .iter()
        .map(|it| vec![it.service.clone(), duration(it.nanos), percent(it.share), duration(it.drag)]);
    out.table(&["service", "time#", "share#", "saved if it took no time#"], services.collect());
    out.heading("Sections");
    let start = path.sections.first().map_or(0, |it| it.start);
    let sections = path.sections.iter().take(args.shared.options.limit.max(10) * 5).map(|it| {
        vec![
            duration(it.start - start),
            duration(it.end - it.start),
            share(it.end - it.start, path.duration),
            it.service.clone(),
            it.name.clone(),
        ]
    });
    out.table(&["at#", "time#", "share#", "service", "operation"], sections.collect());
    slack(lens, trace, args.shared.options.limit, &mut out);
    let mut what_if = None;
    if let Some(text) = &args.what_if {
        let change = change(text)?;
        let tree = lens.tree(trace);
        let after =
            tree.main().map_or(0, |main| Schedule::new(&tree, main).what_if(change.0, change.1, change.2));
        out.text(format!(
            "with {text} saved, the trace takes {} instead of {}: {} less (inferred from timing)",
            duration(after),
            duration(path.duration),
            duration(path.duration.saturating_sub(after)),
        ));
        what_if = Some(json!({ "change": text, "before": path.duration, "after": after }));
    }
    Answer::new("path", out, &json!({ "path": path, "what_if": what_if }))
}

/// The spans that could take longer without delaying the trace.
fn slack(lens: &Lens, trace: Trace<'_>, limit: usize, out: &mut Document) {
    let tree = lens.tree(trace);
    let Some(main) = tree.main() else { return };
    let slack = Schedule::new(&tree, main).slack();
    let mut spans: Vec<(u64, usize)> = slack
        .iter()
        .enumerate()
        .filter_map(|(span, slack)| slack.filter(|&it| it > 0).map(|it| (it, span)))
        .collect();
    spans.sort_by(|a, b| b.cmp(a));
    let rows = spans.into_iter().take(limit).map(|(slack, span)| {
        let it = tree.span(span);
        vec![it.service().to_owned(), it.name().to_owned(), duration(tree.duration(span)), duration(slack)]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        out.heading("Slack: what could take longer without delaying the trace");
        out.table(&["service", "operation", "time#", "slack#"], rows);
    }
}

/// Service, name and nanoseconds of `payment/charge=50ms`.
fn change(text: &str) -> Result<(&str, Option<&str>, u64), Failure> {
    let wrong =
        || Failure::unusable(format!("{text:?} is no change; write `payment=50ms` or `payment/charge=50ms`"));
    let (what, saved) = text.rsplit_once('=').ok_or_else(wrong)?;
    let saved = parse_span_of_time(saved).ok_or_else(wrong)?;
    Ok(match what.split_once('/') {
        Some((service, name)) => (service, Some(name), saved),
        None => (what, None, saved),
    })
}

fn all(path: &PathTotals, self_times: &SelfTimes, args: &PathArgs) -> Result<Answer, Failure> {
    let limit = args.shared.options.limit;
    let mut out = Document::new();
    out.heading(format!("Critical paths of {} traces ({} in all)", path.traces, duration(path.total)));
    if path.partial > 0 {
        out.text(format!("{} traces have no root: their paths are partial", path.partial));
    }
    let services = path.by_service().into_iter().take(limit);
    let services =
        services.map(|(service, nanos)| vec![service.to_owned(), duration(nanos), share(nanos, path.total)]);
    out.table(&["service", "time on the critical path#", "share#"], services.collect());
    let rows = path.ranked().into_iter().take(limit).map(|(service, name, nanos)| {
        vec![service.to_owned(), name.to_owned(), duration(nanos), share(nanos, path.total)]
    });
    out.table(&["service", "operation", "time on the critical path#", "share#"], rows.collect());
    out.heading("Self time: what spans do themselves, on the critical path or not");
    let total = self_times.total();
    let rows = self_times.ranked().into_iter().take(limit).map(|(service, name, it)| {
        let own = vec![it.count.to_string(), duration(it.own), share(it.own, total)];
        [vec![service.to_owned(), name.to_owned()], own].concat()
    });
    out.table(&["service", "operation", "spans#", "self time#", "share#"], rows.collect());
    out.more(format!("trace-lens path --trace slowest {}", args.shared.files.join(" ")));
    Answer::new("path", out, &json!({ "totals": path, "self_times": self_times }))
}
