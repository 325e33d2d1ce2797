//! `plan`: computes volume, storage and bandwidth of tracing.

use std::io::Write;

use serde_json::json;
use trace_lens::Lens;
use trace_lens::plan::{Plan, PlanInput, recommendations};
use trace_lens::show::Document;
use trace_lens::show::units::{bytes, count, percent};
use trace_lens::write::otlp_proto;

use super::answer::{Answer, Failure};
use super::args::PlanArgs;
use super::input::load;

pub(crate) fn run(args: &PlanArgs) -> Result<Answer, Failure> {
    let measured = if args.shared.files.is_empty() { None } else { Some(measure(&load(&args.shared)?)?) };
    let given = args.trace_bytes.as_ref().map(|text| size(text)).transpose()?;
    let trace_bytes = given.or(measured.map(|it| it.0)).ok_or_else(|| {
        Failure::unusable("the size of a trace is missing; set --trace-bytes 10KB, or pass a file of traces")
    })?;
    let mut input = PlanInput::new(args.rate, share(&args.sampling)?, trace_bytes)
        .with_retention_days(args.retention)
        .with_replicas(args.replicas)
        .with_compression(args.compression);
    if let Some(spans) = args.spans.or(measured.map(|it| it.1)) {
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

/// The mean size and number of spans of the traces.
#[allow(clippy::cast_precision_loss)]
fn measure(lens: &Lens) -> Result<(f64, f64), Failure> {
    let mut size = Counted(0);
    otlp_proto(lens.spans(), &mut size).map_err(Failure::unusable)?;
    let traces = lens.traces().len().max(1) as f64;
    Ok((size.0 as f64 / traces, lens.spans().len() as f64 / traces))
}

/// Counts what is written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0 += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn share(text: &str) -> Result<f64, Failure> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|it| it / 100.0),
        None => text.parse(),
    };
    let wrong = || Failure::unusable(format!("{text:?} is no share; write `1%` or `0.01`"));
    number.ok().filter(|it| (0.0..=1.0).contains(it)).ok_or_else(wrong)
}

/// Bytes of `10KB`, in powers of ten, or of `10KiB`.
fn size(text: &str) -> Result<f64, Failure> {
    let wrong = || Failure::unusable(format!("{text:?} is no size; write `10KB`"));
    let at = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
    let number: f64 = text[..at].parse().map_err(|_| wrong())?;
    let factor = match text[at..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "kib" => 1_024.0,
        "mib" => 1_048_576.0,
        _ => return Err(wrong()),
    };
    Ok(number * factor)
}
