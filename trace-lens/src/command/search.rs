//! `search`: lists traces.

use serde_json::json;
use trace_lens::model::Trace;
use trace_lens::show::Document;
use trace_lens::show::units::duration;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let lens = load(shared)?;
    let mut traces: Vec<Trace<'_>> = lens.traces().collect();
    traces.sort_by_key(|trace| std::cmp::Reverse(trace.main().map(|main| main.duration())));
    let mut out = Document::new();
    out.heading(format!("{} traces, the slowest first", traces.len()));
    let rows = traces.iter().take(shared.options.limit).map(|trace| {
        let (service, name, nanos) = main_of(*trace);
        let failed = trace.spans().filter(|it| it.is_failed()).count();
        let failed = if failed == 0 { String::new() } else { failed.to_string() };
        vec![format!("{:032x}", trace.id()), service, name, duration(nanos), trace.len().to_string(), failed]
    });
    out.table(&["trace", "service", "root", "duration#", "spans#", "failed#"], rows.collect());
    if traces.len() > shared.options.limit {
        out.text(format!("and {} more; --limit shows them", traces.len() - shared.options.limit));
    }
    out.more(format!("trace-lens show ID {}", shared.files.join(" ")));
    let list = traces.iter().take(shared.options.limit).map(|trace| {
        let (service, name, nanos) = main_of(*trace);
        json!({
            "trace_id": format!("{:032x}", trace.id()), "service": service, "root": name, "duration": nanos,
            "trace_duration": trace.duration(), "start": trace.start(), "spans": trace.len(),
            "failed": trace.spans().filter(|it| it.is_failed()).count(),
        })
    });
    Answer::new("search", out, &json!({ "count": traces.len(), "traces": list.collect::<Vec<_>>() }))
}

fn main_of(trace: Trace<'_>) -> (String, String, u64) {
    trace
        .main()
        .map_or_else(Default::default, |it| (it.service().to_owned(), it.name().to_owned(), it.duration()))
}
