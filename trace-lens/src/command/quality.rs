//! `quality`: what is wrong with the tracing itself.

use serde_json::json;
use trace_lens::Lens;
use trace_lens::analysis::{FindingKind, Quality};
use trace_lens::show::Document;

use super::answer::{Answer, Failure};
use super::args::Shared;
use super::input::load;

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let quality = load(shared)?.merged(Lens::quality)?;
    let mut out = Document::new();
    out.heading(format!("{} spans in {} traces", quality.spans, quality.traces));
    let found = findings(&quality, shared.options.limit, &mut out);
    if !found {
        out.text("nothing was found");
    }
    out.heading("Instrumented services");
    let services = quality.services.iter().take(shared.options.limit.max(20));
    out.table(
        &["service", "spans#"],
        services.map(|(service, spans)| vec![named(service), spans.to_string()]).collect(),
    );
    let findings = quality.all().into_iter().map(|(kind, places)| {
        let places = places
            .into_iter()
            .map(|(place, it)| json!({ "place": place, "count": it.count, "evidence": it.evidence }));
        json!({ "kind": kind.key(), "places": places.collect::<Vec<_>>() })
    });
    let incomplete = quality.incomplete().into_iter().map(|(root, small, traces, usual)| {
        json!({ "root": root, "small": small, "traces": traces, "usual_spans": usual })
    });
    let result = json!({
        "spans": quality.spans, "traces": quality.traces, "services": quality.services,
        "findings": findings.collect::<Vec<_>>(), "incomplete": incomplete.collect::<Vec<_>>(),
    });
    Ok(Answer::new("quality", out, &result)?.with_finding(found))
}

fn named(service: &str) -> String {
    if service.is_empty() { "(no service)".to_owned() } else { service.to_owned() }
}

/// Adds the findings, and returns whether there are any. An orphan does not prove that a span was dropped, so the text does
/// not claim that.
pub(crate) fn findings(quality: &Quality, limit: usize, out: &mut Document) -> bool {
    let all = quality.all();
    for (kind, places) in &all {
        let total: u64 = places.iter().map(|(_, it)| it.count).sum();
        let total_of = if is_about_spans(*kind) { quality.spans } else { quality.traces };
        let of = if *kind == FindingKind::NotInstrumented || total_of == 0 {
            String::new()
        } else {
            format!(" of {total_of}")
        };
        out.bad(format!("{}: {total}{of}", kind.name()));
        for (place, finding) in places.iter().take(limit) {
            let evidence = finding.evidence.first().map_or("", String::as_str);
            out.text(format!("    {}: {}, for example {evidence}", named(place), finding.count));
        }
        if places.len() > limit {
            out.text(format!("    and in {} more places", places.len() - limit));
        }
    }
    let incomplete = quality.incomplete();
    for (root, small, traces, usual) in incomplete.iter().take(limit) {
        out.bad(format!("{root}: {small} of {traces} traces have less than half of the usual {usual} spans"));
    }
    !all.is_empty() || !incomplete.is_empty()
}

fn is_about_spans(kind: FindingKind) -> bool {
    !matches!(kind, FindingKind::BrokenContext | FindingKind::NoRoot | FindingKind::Sampling)
}
