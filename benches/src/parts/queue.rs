//! The queue of the exporters: the cost of a span as it fills up, and its memory without a receiver.

use std::net::TcpListener;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};

use crate::cases::spans;
use crate::data::{Data, Figures};
use crate::exporters::{self, Out};
use crate::markdown::{Table, number};
use crate::measure::median;
use crate::process;

/// The default of this engine. The default of opentelemetry_sdk is 2,048.
const QUEUE: usize = 65_536;
const ATTRIBUTES: usize = 9;
const ROUND: usize = 1_024;
const FILLS: [&str; 5] = ["to 25 %", "to 50 %", "to 75 %", "to 100 %", "full"];
/// The points at which memory is measured, in percent of the spans.
const MOMENTS: [&str; 7] = ["0", "10", "20", "40", "60", "80", "100"];

/// Closed until the queue is full.
static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

fn wait_at_gate() {
    let mut open = GATE.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !*open {
        open = GATE.1.wait(open).unwrap_or_else(PoisonError::into_inner);
    }
}

#[derive(Debug)]
struct Gated;

impl Exporter for Gated {
    fn export(&mut self, _batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        wait_at_gate();
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

impl SpanExporter for Gated {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        wait_at_gate();
        Ok(())
    }
}

/// Fills the queue, and continues when it is full.
pub fn filling(case: &str) -> Result<Figures, String> {
    process::pin(1);
    let attributes = spans::attribute_list(ATTRIBUTES);
    let mut ours = None;
    let mut call = match case {
        spans::OURS => {
            let limits = BatchLimits::default().with_max_queue_size(QUEUE);
            let provider = tracing_core_lite::TracerProvider::builder()
                .with_batch_limits(limits)
                .with_exporter(Gated)
                .build();
            let provider = provider.map_err(|error| error.to_string())?;
            spans::by_ours(ours.insert(provider), attributes)
        }
        spans::SDK => {
            let provider = exporters::sdk_of(Gated, QUEUE);
            let call = spans::by_sdk(&provider, attributes);
            // Dropping it would wait for the gate.
            std::mem::forget(provider);
            call
        }
        _ => return Err(format!("no case {case}")),
    };
    process::pin(0);
    let mut costs = FILLS.map(|_| Vec::new());
    for round in 0..QUEUE * 2 / ROUND {
        let start = Instant::now();
        (0..ROUND).for_each(|_| call());
        let fill = (round * ROUND * 4 / QUEUE).min(FILLS.len() - 1);
        costs[fill].push(start.elapsed().as_nanos() as f64 / ROUND as f64);
    }
    let dropped = ours.as_ref().map(|provider| provider.stats().dropped_queue_full);
    *GATE.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    GATE.1.notify_all();
    if let Some(provider) = ours {
        let _ = provider.flush(std::time::Duration::from_secs(10));
        let stats = provider.stats();
        let made = (QUEUE * 2) as u64;
        if dropped == Some(0) || stats.exported + stats.lost() != made {
            return Err(format!("of {made} spans: {stats:?}"));
        }
    }
    Ok(FILLS.iter().zip(&mut costs).map(|(fill, costs)| (*fill, median(costs))).collect())
}

/// Creates spans at full speed while no receiver listens at the endpoint. Not for fastrace, whose queue is unbounded.
pub fn without_receiver(case: &str, spans: u64) -> Result<Figures, String> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.map_err(|error| error.to_string())?.port();
    let out = Out::http(format!("http://127.0.0.1:{port}"));
    let attributes = spans::attribute_list(ATTRIBUTES);
    let mut ours = None;
    let mut call = match case {
        // Each uses its default limits.
        spans::OURS => spans::by_ours(ours.insert(exporters::ours(&out.with_queue(QUEUE))), attributes),
        spans::SDK => {
            let provider = exporters::sdk_of(exporters::otlp(&out), 2_048);
            let call = spans::by_sdk(&provider, attributes);
            std::mem::forget(provider);
            call
        }
        _ => return Err(format!("no case {case}")),
    };
    let mut figures = Vec::new();
    let mut made = 0;
    for moment in MOMENTS {
        let target = spans * moment.parse::<u64>().map_err(|error| error.to_string())? / 100;
        (made..target).for_each(|_| call());
        made = target;
        figures.push((moment, process::memory_of(std::process::id()).0 as f64));
    }
    if let Some(stats) = ours.map(|provider| provider.stats()) {
        // The thread's own buffer, less than a batch, is not counted yet.
        let counted = stats.queued + stats.lost();
        if stats.exported != 0 || made.abs_diff(counted) > 4_096 {
            return Err(format!("of {made} spans: {stats:?}"));
        }
    }
    Ok(figures)
}

pub fn tables(data: &Data) -> String {
    let heads: Vec<&str> = std::iter::once("ns a span, queue of 65,536 filled").chain(FILLS).collect();
    let mut filling = Table::new(&heads);
    for name in [spans::OURS, spans::SDK] {
        let cells = FILLS.map(|fill| number(data.get(name, "queue", fill)));
        filling.row(&[vec![name.to_owned()], cells.to_vec()].concat());
    }
    let percents =
        MOMENTS.map(|moment| format!("{:.1} M spans", moment.parse::<f64>().unwrap_or_default() * 0.06));
    let heads: Vec<&str> = std::iter::once("memory, MB, without a receiver")
        .chain(percents.iter().map(String::as_str))
        .collect();
    let mut held = Table::new(&heads);
    for name in [spans::OURS, spans::SDK] {
        let cells = MOMENTS.map(|moment| format!("{:.0}", data.get(name, "no receiver", moment) / 1e6));
        held.row(&[vec![name.to_owned()], cells.to_vec()].concat());
    }
    format!("{}\n{}", filling.finish(spans::OURS), held.finish(spans::OURS))
}
