//! `patterns`: repeated queries, retries, calls one after the other.

use trace_lens::Lens;
use trace_lens::analysis::PatternKind;
use trace_lens::show::Document;
use trace_lens::show::units::duration;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

const KINDS: [PatternKind; 4] =
    [PatternKind::RepeatedQuery, PatternKind::RetryStorm, PatternKind::ChattyCalls, PatternKind::SerialCalls];

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let patterns = load(shared)?.merged(Lens::patterns)?;
    let mut out = Document::new();
    for kind in KINDS {
        let found = patterns.of(kind);
        if found.is_empty() {
            continue;
        }
        out.heading(kind.name());
        let rows = found.iter().take(shared.options.limit).map(|(what, it)| {
            let example = it.examples.first().cloned().unwrap_or_default();
            vec![(*what).to_owned(), it.traces.to_string(), it.most.to_string(), duration(it.nanos), example]
        });
        out.table(&["what", "traces#", "most at once#", "could save#", "example"], rows.collect());
    }
    if patterns.found.is_empty() {
        out.text("no pattern was found");
    }
    Ok(Answer::new("patterns", out, &patterns)?.with_finding(!patterns.found.is_empty()))
}
