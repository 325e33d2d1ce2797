//! What was kept of the sampled orders, and what the kept ones say about all of them.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_core_lite::span::data::FinishedSpan;
use tracing_sampling::coverage::Estimate;

use super::{OrderKind, Placed};

/// The orders of one kind.
#[derive(Debug)]
struct Row {
    name: &'static str,
    arrived: usize,
    kept: usize,
    /// From the kept traces alone.
    estimate: Estimate,
}

/// The outcome of the sampled demo.
#[derive(Debug)]
pub(super) struct SampledTable {
    rows: Vec<Row>,
    took: Duration,
    problems: Vec<String>,
}

impl SampledTable {
    /// `kept` are the kept spans, and `all` says how many spans each trace has.
    pub(super) fn new(
        placed: &[Placed],
        kept: &[FinishedSpan],
        all: &HashMap<TraceId, usize>,
        took: Duration,
    ) -> Self {
        let mut traces: HashMap<TraceId, Vec<&FinishedSpan>> = HashMap::new();
        for span in kept {
            traces.entry(span.span.trace_id).or_default().push(span);
        }
        let row = |name, kinds: &[OrderKind]| {
            let orders: Vec<&Placed> = placed.iter().filter(|order| kinds.contains(&order.kind)).collect();
            let mut row = Row { name, arrived: orders.len(), kept: 0, estimate: Estimate::default() };
            for trace in orders.iter().filter_map(|order| traces.get(&order.trace_id)) {
                row.kept += 1;
                row.estimate.add(trace.iter().find(|it| it.span.is_root()).and_then(|root| threshold(root)));
            }
            row
        };
        let rows = vec![
            row("ordinary", &[OrderKind::Ordinary]),
            row("declined", &[OrderKind::Declined]),
            row("all orders", &[OrderKind::Ordinary, OrderKind::Declined]),
        ];
        Self { problems: problems(placed, &traces, all), rows, took }
    }

    /// Returns whether every declined order was kept, and every kept trace is whole.
    pub(super) fn is_right(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let seconds = self.took.as_secs_f64().max(f64::MIN_POSITIVE);
        writeln!(
            out,
            "\n{:<12}{:>8}{:>8}{:>9}{:>11}{:>16}{:>12}{:>14}",
            "traces", "arrived", "kept", "dropped", "estimate", "95 % interval", "per second", "estimated"
        )?;
        for Row { name, arrived, kept, estimate } in &self.rows {
            let interval = match estimate.interval() {
                Some((low, high)) => format!("{low:.0} to {high:.0}"),
                None => "-".to_owned(),
            };
            writeln!(
                out,
                "{name:<12}{arrived:>8}{kept:>8}{:>9}{:>11.0}{interval:>16}{:>12.1}{:>14.1}",
                arrived - kept,
                estimate.count,
                *arrived as f64 / seconds,
                estimate.count / seconds,
            )?;
        }
        writeln!(
            out,
            "\nEach kept trace carries the probability with which it was kept, so that the estimates come from the kept traces \
             alone."
        )?;
        for problem in &self.problems {
            writeln!(out, "  ✗ {problem}")?;
        }
        if self.problems.is_empty() {
            writeln!(out, "  ✓ checked: every declined order was kept, and every kept trace is whole")?;
        }
        Ok(())
    }
}

/// Returns the threshold in the tracestate of a span.
fn threshold(span: &FinishedSpan) -> Option<tracing_core_lite::sampling::consistent::Threshold> {
    let member = span.span.trace_state.split(',').find_map(|member| member.trim().strip_prefix("ot="));
    OtTraceState::read(member?).threshold()
}

fn problems(
    placed: &[Placed],
    kept: &HashMap<TraceId, Vec<&FinishedSpan>>,
    all: &HashMap<TraceId, usize>,
) -> Vec<String> {
    let lost = placed.iter().filter(|it| it.kind == OrderKind::Declined && !kept.contains_key(&it.trace_id));
    let lost = lost.map(|order| format!("the declined order {} was not kept", order.trace_id));
    let torn = kept.iter().filter_map(|(trace_id, spans)| {
        let all = all.get(trace_id).copied().unwrap_or_default();
        (all != spans.len()).then(|| format!("of {trace_id}, {} of {all} spans were kept", spans.len()))
    });
    lost.chain(torn).collect()
}
