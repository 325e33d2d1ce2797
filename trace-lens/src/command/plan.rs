//! `plan`: computes volume, storage and bandwidth of tracing.

use serde_json::json;
use trace_lens::plan::{Plan, PlanInput, TraceSize, recommendations};
use trace_lens::show::Document;
use trace_lens::show::units::{bytes, count, percent};

use super::answer::{Answer, Failure};
use super::args::PlanArgs;
use super::input::load;
use super::size::size;

pub(crate) fn run(args: &PlanArgs) -> Result<Answer, Failure> {
    let measured =
        if args.shared.files.is_empty() { None } else { Some(load(&args.shared)?.merged(TraceSize::new)?) };
    let given = args.trace_bytes.as_ref().map(|text| size(text)).transpose()?;
    let trace_bytes = given.or(measured.map(|it| it.bytes_per_trace())).ok_or_else(|| {
        Failure::unusable("the size of a trace is missing; set --trace-bytes 10KB, or pass a file of traces")
    })?;
    let mut input = PlanInput::new(args.rate, share(&args.sampling)?, trace_bytes)
        .with_retention_days(args.retention)
        .with_replicas(args.replicas)
        .with_compression(args.compression);
    if let Some(spans) = args.spans.or(measured.map(|it| it.spans_per_trace())) {
        input = input.with_spans_per_trace(spans);
    }
    for step in &args.downsample {
        let wrong = || Failure::unusable(format!("{step:?} is no step of down-sampling; write `7:10%`"));
        let (days, kept) = step.split_once(':').ok_or_else(wrong)?;
        input = input.with_downsampling(days.parse().map_err(|_| wrong())?, share(kept)?);
    }
    let plan = Plan::new(input);
    let mut out = Document::new();
    figures(&plan, args, measured.is_some(), &mut out);
    recommend(args.rate, &mut out);
    let cost = args.price.map(|price| price * plan.stored / 1e9);
    Answer::new(
        "plan",
        out,
        &json!({ "plan": plan, "cost_per_month": cost, "recommendations": recommendations(args.rate) }),
    )
}

fn figures(plan: &Plan, args: &PlanArgs, is_measured: bool, out: &mut Document) {
    out.heading("Volume");
    let how = if is_measured && args.trace_bytes.is_none() { "measured, as OTLP protobuf" } else { "given" };
    let input = &plan.input;
    let fixed = [
        ["requests", &format!("{}/s", count(input.requests_per_second)), "given"],
        ["sampled", &percent(input.sampling), "given"],
        ["bytes per trace", &bytes(input.trace_bytes), how],
        ["traces per second", &count(plan.traces_per_second), ""],
        ["traces per day", &count(plan.traces_per_day), ""],
        ["bandwidth", &format!("{}/s", bytes(plan.bandwidth / 8.0)), "before compression"],
        ["per day", &bytes(plan.bytes_per_day), "before compression and copies"],
        ["stored per day", &bytes(plan.stored_per_day), ""],
    ];
    let mut rows = fixed.map(|row| row.map(str::to_owned).to_vec()).to_vec();
    if let Some(spans) = plan.spans_per_second {
        rows.push(vec!["spans per second".to_owned(), count(spans), String::new()]);
    }
    rows.push(vec![format!("stored after {} days", input.retention_days), bytes(plan.stored), String::new()]);
    if let Some(price) = args.price {
        rows.push(vec![
            "cost per month".to_owned(),
            format!("{:.2}", price * plan.stored / 1e9),
            "at the given price".to_owned(),
        ]);
    }
    out.table(&["", "amount#", ""], rows);
}

fn recommend(rate: f64, out: &mut Document) {
    out.heading("Recommended sampling rates (rules of thumb, not computed)");
    let rows = recommendations(rate).into_iter().map(|it| {
        let (low, high) = it.rates;
        let range = if low < high { format!("{} to {}", percent(low), percent(high)) } else { percent(low) };
        vec![if it.applies { "▶" } else { "" }.to_owned(), it.traffic.to_owned(), range, it.reason.to_owned()]
    });
    out.table(&["", "traffic", "sampled#", "why"], rows.collect());
}

fn share(text: &str) -> Result<f64, Failure> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|it| it / 100.0),
        None => text.parse(),
    };
    let wrong = || Failure::unusable(format!("{text:?} is no share; write `1%` or `0.01`"));
    number.ok().filter(|it| (0.0..=1.0).contains(it)).ok_or_else(wrong)
}
