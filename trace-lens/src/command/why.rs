//! `why`: what slow or failed traces have in common.

use trace_lens::Lens;
use trace_lens::filter::{Query, parse_span_of_time};
use trace_lens::model::Trace;
use trace_lens::show::Document;
use trace_lens::show::units::percent;

use super::answer::{Answer, Failure};
use super::args::WhyArgs;
use super::input::{Traces, load};

/// The minimum number of traces on either side.
const LEAST: u64 = 5;

pub(crate) fn run(args: &WhyArgs) -> Result<Answer, Failure> {
    let traces = load(&args.shared)?;
    let comparison = match (&args.slow, &args.select) {
        (Some(limit), _) => {
            let limit = slow_limit(&traces, limit)?;
            traces.merged(|lens| lens.why(|trace| duration_of(trace) > limit))
        }
        (None, Some(query)) => {
            let query: Query = query.parse().map_err(Failure::unusable)?;
            traces.merged(|lens| lens.why(|trace| query.matches(trace)))
        }
        (None, None) => traces.merged(|lens| lens.why(|trace| trace.main().is_some_and(|it| it.is_failed()))),
    }?;
    let why = comparison.why();
    if why.traces.selected < LEAST || why.traces.others < LEAST {
        return Err(Failure::TooLittle(format!(
            "{} traces are selected and {} are not; at least {LEAST} of each are needed",
            why.traces.selected, why.traces.others
        )));
    }
    let mut out = Document::new();
    out.heading(format!(
        "What {} selected traces have that {} others do not",
        why.traces.selected, why.traces.others
    ));
    if why.reasons.is_empty() {
        out.text(format!("no significant difference among {} attribute values", why.tests));
    }
    let rows = why.reasons.iter().take(args.shared.options.limit).map(|it| {
        let value = it.value.clone().unwrap_or_else(|| "(absent)".to_owned());
        let chance =
            if it.probability < 1e-4 { "< 0.0001".to_owned() } else { format!("{:.4}", it.probability) };
        vec![
            it.key.clone(),
            value,
            percent(it.selected_share),
            percent(it.other_share),
            chance,
            it.carrier.clone(),
        ]
    });
    out.table(&["attribute", "value", "selected#", "others#", "by chance#", "on spans of"], rows.collect());
    if !why.left_out.is_empty() {
        out.text(format!(
            "left out, because nearly every trace has a different value: {}",
            why.left_out.join(", ")
        ));
    }
    Ok(Answer::new("why", out, &why)?.with_finding(!why.reasons.is_empty()))
}

fn duration_of(trace: Trace<'_>) -> u64 {
    trace.main().map_or(0, |it| it.duration())
}

/// The nanoseconds of `>1s` or `>p99`.
fn slow_limit(traces: &Traces, text: &str) -> Result<u64, Failure> {
    let limit = text.trim().trim_start_matches(['>', '=']).trim();
    let wrong = || Failure::unusable(format!("{text:?} is not a limit; write `>1s` or `>p99`"));
    let Some(percentile) = limit.strip_prefix('p') else {
        return parse_span_of_time(limit).ok_or_else(wrong);
    };
    let percentile: f64 = percentile.parse().map_err(|_| wrong())?;
    if !(0.0..100.0).contains(&percentile) {
        return Err(wrong());
    }
    let durations = traces.merged(Lens::main_durations)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let rank = ((percentile / 100.0 * durations.count() as f64).ceil() as u64).saturating_sub(1);
    let Some((low, high, mut before)) = durations.bucket_of_rank(rank) else { return Ok(0) };
    // A second pass finds the exact duration without keeping all of them.
    for (nanos, count) in traces.merged(|lens| lens.main_durations_between(low, high))? {
        before += count;
        if rank < before {
            return Ok(nanos);
        }
    }
    Ok(high)
}
