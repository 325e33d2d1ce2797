//! `search`: lists traces.

use trace_lens::show::Document;
use trace_lens::show::units::duration;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let limit = shared.options.limit;
    let found = load(shared)?.merged(|lens| lens.slowest(limit, |_| true))?;
    let mut out = Document::new();
    out.heading(format!("{} traces, the slowest first", found.count));
    let rows = found.traces.iter().map(|it| {
        let failed = if it.failed == 0 { String::new() } else { it.failed.to_string() };
        let (service, root) = (it.service.clone(), it.root.clone());
        vec![it.trace_id.clone(), service, root, duration(it.duration), it.spans.to_string(), failed]
    });
    out.table(&["trace", "service", "root", "duration#", "spans#", "failed#"], rows.collect());
    let more = found.count - found.traces.len() as u64;
    if more > 0 {
        out.text(format!("and {more} more; --limit shows them"));
    }
    out.more(format!("trace-lens show ID {}", shared.files.join(" ")));
    Answer::new("search", out, &found)
}
