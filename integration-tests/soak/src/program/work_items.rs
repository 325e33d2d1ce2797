//! Work items: traces of ten spans whose ids the program knows, so that the ledger does not depend on the pipeline.

use std::time::Duration;

use examples::shop::Settings;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::TaskTracker;
use tracing_core_lite::{Context, Span, Tracer};

use super::load::number;
use super::telemetry::{Reports, Telemetry};
use crate::span_key::SpanKey;

/// Spans per trace.
const SPANS: u64 = 10;
const TICK: Duration = Duration::from_millis(50);
/// The root of each trace with a number that is divisible by this is ended durably.
const DURABLE_EVERY: u64 = 50;

/// Records `SPANS_PER_SECOND` until the future is dropped.
pub(super) async fn run(settings: &Settings, telemetry: &Telemetry, pending: &TaskTracker) {
    let Some(reports) = telemetry.reports().cloned() else { return std::future::pending().await };
    let rate: u64 = number(settings, "SPANS_PER_SECOND", 400);
    let tracer = telemetry.provider().tracer("soak.work");
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut number, mut due) = (0, 0);
    loop {
        tick.tick().await;
        due += rate * TICK.as_millis() as u64;
        while due >= SPANS * 1000 {
            due -= SPANS * 1000;
            number += 1;
            do_work(&tracer, number, &reports, pending);
        }
    }
}

/// Records one trace.
fn do_work(tracer: &Tracer, number: u64, reports: &Reports, pending: &TaskTracker) {
    let root = tracer.span("work item").with_parent(&Context::new()).start();
    let context = root.in_context(&Context::new());
    let mut ended = Vec::with_capacity(SPANS as usize);
    for step in 1..SPANS {
        let span = tracer.span("work step").with_parent(&context).start();
        ended.push(key_of(&span));
        span.end_with(|span| {
            span.set("soak.work.item", number as i64)
                .set("soak.work.step", step as i64)
                .set("soak.work.input", "an attribute of a length that is common for paths and statements")
                .set("soak.work.host", "worker-7.cluster-a.example")
                .set("soak.work.ratio", step as f64 / SPANS as f64)
                .set("soak.work.last", step + 1 == SPANS);
        });
    }
    let key = key_of(&root);
    if number.is_multiple_of(DURABLE_EVERY) {
        let (durable, ledger) = (root.end_durably(), reports.ledger.clone());
        pending.spawn(async move {
            match durable.await {
                Ok(()) => ledger.record("durable", &[key]),
                Err(error) => tracing::warn!(%error, "end_durably acknowledged nothing"),
            }
        });
    } else {
        root.end();
        ended.push(key);
    }
    reports.ended.add(ended);
}

/// Returns the key of `span`.
pub(super) fn key_of(span: &Span) -> SpanKey {
    let context = span.span_context();
    SpanKey {
        trace_id: u128::from_be_bytes(context.trace_id().to_bytes()),
        span_id: u64::from_be_bytes(context.span_id().to_bytes()),
    }
}
