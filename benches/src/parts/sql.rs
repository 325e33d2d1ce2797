//! SQL: `SELECT 1` on SQLite in memory through a pool of one connection, with wrappers for different versions of sqlx.

use std::sync::atomic::Ordering;

use opentelemetry::trace::TraceContextExt;
use opentelemetry_032::trace::TraceContextExt as _;
use opentelemetry_sdk_032::trace as sdk_032;

use super::Part;
use crate::cases::{ours, sdk};
use crate::data::{Data, Figures};
use crate::exporters::{self, ATTRIBUTES, Out, SPANS};
use crate::markdown::{Table, number, ratio};
use crate::measure::{Beside, CallAndFlush, Exit, Pace, Plan, Subject, measure};
use crate::process;

pub const PART: Part = Part {
    name: "sql",
    runs: || super::every(&CASES, &["sampled", "unsampled"]),
    one,
    calls: 20_000,
    rounds: 7,
    counts_instructions: |_| true,
    instruction_calls: 1_000,
    all_threads: None,
    tables,
};

pub const OURS: &str = "tracing-sql";
pub const PEERS: [&str; 2] = ["sqlx-otel", "sqlx-tracing"];
const BARE_08: &str = "bare, sqlx 0.8";
const CASES: [&str; 5] = ["bare", BARE_08, OURS, PEERS[0], PEERS[1]];
const QUERY: &str = "SELECT 1";

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    // sqlx runs SQLite on a separate thread. On one CPU, no time is spent on waking another CPU.
    process::pin(0);
    let sampled = mode == "sampled";
    let parent = opentelemetry::Context::new().with_remote_span_context(super::remote(sampled));
    std::mem::forget(parent.attach());
    let runtime = runtime();
    // Waiting for a thread depends on the machine in other ways than computing, so bare sqlx is the yardstick.
    let bare = if case == BARE_08 || case == "sqlx-tracing" { bare_08() } else { bare() };
    let nothing: Box<dyn Fn()> = Box::new(|| {});
    let (call, flush): CallAndFlush = match case {
        "bare" => (self::bare(), nothing),
        OURS => {
            let provider = exporters::ours(&Out::counted());
            let pool = tracing_sql::TracedPool::new(runtime.block_on(pool())).with_provider(&provider);
            let call = move || drop(runtime.block_on(sqlx::query(QUERY).fetch_all(&pool)).expect("a row"));
            (Box::new(call), ours::flush(provider))
        }
        "sqlx-otel" => {
            let provider = sqlx_otel_provider(sampled);
            let pool = sqlx_otel::PoolBuilder::from(runtime.block_on(pool())).build();
            let call = move || drop(runtime.block_on(sqlx::query(QUERY).fetch_all(&pool)).expect("a row"));
            (Box::new(call), Box::new(move || provider.force_flush().expect("nothing stands in the way")))
        }
        BARE_08 => (bare_08(), nothing),
        "sqlx-tracing" => {
            let flush = sdk::flush(sdk::with_tracing(&Out::counted()));
            let pool = sqlx_tracing::PoolBuilder::from(runtime.block_on(pool_08())).build();
            let call = move || drop(runtime.block_on(sqlx_08::query(QUERY).fetch_all(&pool)).expect("a row"));
            (Box::new(call), flush)
        }
        _ => return Err(format!("no case {case}: {CASES:?}")),
    };
    let spans_per_call = u64::from(sampled && !case.starts_with("bare"));
    measure(
        Subject { call, flush, spans_per_call, beside: Beside::BareAsYardstick(bare) },
        &Exit::Counter,
        &Plan { calls, round: 250, pace: Pace::Pauses },
    )
}

fn bare() -> Box<dyn FnMut()> {
    let runtime = runtime();
    let pool = runtime.block_on(pool());
    Box::new(move || drop(runtime.block_on(sqlx::query(QUERY).fetch_all(&pool)).expect("a row")))
}

fn bare_08() -> Box<dyn FnMut()> {
    let runtime = runtime();
    let pool = runtime.block_on(pool_08());
    Box::new(move || drop(runtime.block_on(sqlx_08::query(QUERY).fetch_all(&pool)).expect("a row")))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime is available")
}

async fn pool() -> sqlx::SqlitePool {
    let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    options.connect("sqlite::memory:").await.expect("memory is available")
}

async fn pool_08() -> sqlx_08::SqlitePool {
    let options = sqlx_08::sqlite::SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    options.connect("sqlite::memory:").await.expect("memory is available")
}

/// sqlx-otel uses opentelemetry 0.32, which has its own globals and context.
fn sqlx_otel_provider(sampled: bool) -> sdk_032::SdkTracerProvider {
    use opentelemetry_032::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    let flags = TraceFlags::default().with_sampled(sampled);
    let parent = SpanContext::new(TraceId::from(7_u128), SpanId::from(7_u64), flags, true, TraceState::NONE);
    std::mem::forget(opentelemetry_032::Context::new().with_remote_span_context(parent).attach());
    let batch = sdk_032::BatchConfigBuilder::default().with_max_queue_size(1 << 20).build();
    let processor = sdk_032::BatchSpanProcessor::builder(Counter).with_batch_config(batch).build();
    let provider = sdk_032::SdkTracerProvider::builder().with_span_processor(processor).build();
    opentelemetry_032::global::set_tracer_provider(provider.clone());
    provider
}

#[derive(Debug)]
struct Counter;

impl sdk_032::SpanExporter for Counter {
    async fn export(&self, batch: Vec<sdk_032::SpanData>) -> opentelemetry_sdk_032::error::OTelSdkResult {
        if let Some(span) = batch.last() {
            ATTRIBUTES.store(span.attributes.len() as u64, Ordering::Relaxed);
        }
        SPANS.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Returns the cost that a wrapper adds to the version of sqlx that it wraps.
pub fn added(data: &Data, case: &str, mode: &str, figure: &str) -> f64 {
    let bare = if case == "sqlx-tracing" { BARE_08 } else { "bare" };
    data.get(case, mode, figure) - data.get(bare, mode, figure)
}

fn tables(data: &Data) -> String {
    let mut table = Table::new(&[
        "wrapper",
        "attributes",
        "sampled, ns added",
        "× ours",
        "CPU of the calling thread, ns",
        "instructions",
        "allocations",
        "unsampled, ns added",
        "× ours",
        "CPU of the calling thread, ns",
        "instructions",
        "allocations",
    ]);
    for name in [OURS, PEERS[0], PEERS[1]] {
        let mut cells = vec![name.to_owned(), number(data.get(name, "sampled", "attributes"))];
        for mode in ["sampled", "unsampled"] {
            let added = |figure| number(added(data, name, mode, figure));
            cells.push(added("wall"));
            cells.push(ratio(self::added(data, name, mode, "wall") / self::added(data, OURS, mode, "wall")));
            cells.extend([added("ns"), added("instructions"), added("allocations")]);
        }
        table.row(&cells);
    }
    format!(
        "{}\nThe bare query takes {} ns with sqlx 0.9, {} ns with 0.8.\n",
        table.finish(OURS),
        number(data.get("bare", "sampled", "wall")),
        number(data.get(BARE_08, "sampled", "wall")),
    )
}
