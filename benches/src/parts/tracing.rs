//! Spans of the `tracing` crate: layers that record them, and the registry alone.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use tracing::field::Empty;
use tracing_core_lite::subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Part, Run, remote};
use crate::cases::sdk;
use crate::data::{Data, Figures};
use crate::exporters::{self, Out};
use crate::markdown::{Table, number, ratio};
use crate::measure::{Beside, Exit, Pace, Plan, Subject, measure};
use crate::process;
use crate::sink::Sink;

mod compare;

pub const PART: Part = Part {
    name: "tracing",
    runs,
    one,
    // Only allocations are taken from these, which do not vary.
    calls: 10_000,
    rounds: 1,
    counts_instructions: |mode| mode != compare::MODE,
    // A place in the code has its steady state after about a thousand spans, so the fewer calls, a quarter, are more than that.
    instruction_calls: 6_000,
    all_threads: Some(count),
    tables,
};

const REGISTRY: &str = "registry alone";
pub const OVER_SDK: &str = "tracing-opentelemetry over opentelemetry_sdk";
pub const OURS: &str = "tracing-core-lite's layer";
const CASES: [&str; 5] =
    [REGISTRY, OVER_SDK, "tracing-opentelemetry over our provider", "fastrace-tracing", OURS];
const MODES: [&str; 6] = [
    "sampled",
    "unsampled",
    "filtered out",
    "sampled, all options",
    "unsampled, all options",
    "filtered out, all options",
];
/// What a layer may cost compared with tracing-opentelemetry over opentelemetry_sdk.
pub const BOUNDS: [(&str, f64); 2] = [("sampled", 0.4), ("unsampled", 0.25)];

fn runs() -> Vec<Run> {
    let mut runs = super::every(&CASES, &MODES);
    runs.push(Run { case: compare::CASE, mode: compare::MODE.to_owned() });
    runs
}

/// A subscriber in this process, and a function that flushes its last spans.
struct Traced {
    flush: Box<dyn Fn()>,
}

impl Traced {
    fn start(case: &str, mode: &str, out: &Out) -> Result<Self, String> {
        let (all, filter) = (mode.contains("all options"), mode.contains("filtered"));
        let nothing: Box<dyn Fn()> = Box::new(|| {});
        let (layer, flush): (Option<Box<dyn Layer<Registry> + Send + Sync>>, _) = match case {
            REGISTRY => (None, nothing),
            OVER_SDK => {
                let provider = exporters::sdk(out);
                (Some(peer_layer(provider.tracer("bench"), all)), sdk::flush(provider))
            }
            "tracing-opentelemetry over our provider" => {
                let provider = exporters::ours(out);
                (Some(peer_layer(provider.tracer("bench"), all)), flush(provider))
            }
            OURS => {
                let provider = exporters::ours(out);
                (Some(Box::new(our_layer(provider.tracer("bench"), all))), flush(provider))
            }
            "fastrace-tracing" => {
                exporters::fastrace(out);
                let layer = fastrace_tracing::FastraceCompatLayer::new();
                let layer = layer.with_location(all).with_threads(all).with_level(all);
                (Some(Box::new(layer)), Box::new(fastrace::flush))
            }
            _ => return Err(format!("no case {case}: {CASES:?}")),
        };
        // A filter on the layer, as users set it. The filter of the registry alone is on the subscriber.
        match (layer, filter) {
            (Some(layer), true) => {
                tracing_subscriber::registry().with(layer.with_filter(LevelFilter::WARN)).init()
            }
            (Some(layer), false) => tracing_subscriber::registry().with(layer).init(),
            (None, true) => tracing_subscriber::registry().with(LevelFilter::WARN).init(),
            (None, false) => tracing_subscriber::registry().init(),
        }
        Ok(Self { flush })
    }
}

fn flush(provider: tracing_core_lite::TracerProvider) -> Box<dyn Fn()> {
    Box::new(move || provider.flush(Duration::from_secs(60)).expect("nothing stands in the way"))
}

fn peer_layer<T>(tracer: T, all: bool) -> Box<dyn Layer<Registry> + Send + Sync>
where
    T: opentelemetry::trace::Tracer + Send + Sync + 'static,
    T::Span: Send + Sync,
{
    let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(all).with_threads(all);
    Box::new(layer.with_target(all).with_level(all).with_tracked_inactivity(all))
}

fn our_layer(tracer: tracing_core_lite::Tracer, all: bool) -> subscriber::SpanLayer {
    let layer = subscriber::layer().with_tracer(tracer).with_location(all).with_threads(all);
    layer.with_target(all).with_level(all).with_tracked_inactivity(all)
}

/// Shown as `19.07 EUR`.
struct Price(u64);

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} EUR", self.0 / 100, self.0 % 100)
    }
}

const CUSTOMERS: [&str; 4] = ["ada", "grace hopper", "katherine", "margaret hamilton"];
const STATES: [&str; 3] = ["accepted", "packed", "on its way"];

/// A span with eight attributes, whose values change from call to call.
fn span(call: u64) {
    let span = tracing::info_span!(
        "place order",
        shop.customer = CUSTOMERS[call as usize % CUSTOMERS.len()],
        shop.payment = if call.is_multiple_of(3) { "card" } else { "invoice" },
        shop.total = %Price(call % 10_000),
        shop.address = %Ipv4Addr::from(0x0a00_0000 + call as u32 % 0x1_0000),
        shop.items = (call % 20) as i64,
        shop.weight = (call % 5_000) as i64,
        shop.express = call.is_multiple_of(2),
        shop.state = Empty,
    );
    span.in_scope(|| {
        span.record("shop.state", STATES[call as usize % STATES.len()]);
    });
}

/// Runs calls within the span of a caller.
fn in_parent(case: &str, sampled: bool) -> Box<dyn FnMut(u64)> {
    if case != "fastrace-tracing" {
        std::mem::forget(Context::new().with_remote_span_context(remote(sampled)).attach());
        return Box::new(span);
    }
    use fastrace::collector::{SpanContext, SpanId, TraceId};
    // fastrace hands over the spans below a root when that ends.
    Box::new(move |call| {
        let parent = SpanContext::new(TraceId(7), SpanId(7)).sampled(sampled);
        let root = fastrace::Span::root("root", parent);
        let _entered = root.set_local_parent();
        span(call);
    })
}

/// Spans that a call exports.
fn spans_per_call(case: &str, mode: &str) -> u64 {
    match (case, mode.starts_with("sampled"), mode.starts_with("filtered")) {
        (REGISTRY, ..) => 0,
        // With its root.
        ("fastrace-tracing", true, _) => 2,
        ("fastrace-tracing", _, true) => 1,
        (_, sampled, _) => sampled.into(),
    }
}

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    if case == compare::CASE {
        return compare::run();
    }
    // Exporters and their sink run on CPU 1.
    process::pin(1);
    let exit = Exit::Sink(Sink::start()?);
    let traced = Traced::start(case, mode, &exit.out())?;
    let mut call = in_parent(case, !mode.starts_with("unsampled"));
    let mut number = 0;
    let call = Box::new(move || {
        number += 1;
        call(number);
    });
    let (flush, spans_per_call) = (traced.flush, spans_per_call(case, mode));
    let subject = Subject { call, flush, spans_per_call, beside: Beside::Yardstick };
    measure(subject, &exit, &Plan { calls, round: 1_000, pace: Pace::Pauses })
}

/// Makes calls whose instructions are counted on all threads, and waits until their spans have arrived.
fn count(case: &str, mode: &str, calls: u64) -> Result<(), String> {
    /// Fills caches and pools.
    const WARM_UP: u64 = 500;
    let sink = Sink::start()?;
    let traced = Traced::start(case, mode, &Out::http(sink.url()))?;
    let mut call = in_parent(case, !mode.starts_with("unsampled"));
    (0..WARM_UP).for_each(&mut *call);
    wait_for(&sink, &*traced.flush, WARM_UP * spans_per_call(case, mode))?;
    repeat_counted(&mut *call, calls);
    wait_for(&sink, &*traced.flush, (WARM_UP + calls) * spans_per_call(case, mode))
}

/// The function at which callgrind sets what it has counted to zero.
#[inline(never)]
fn repeat_counted(call: &mut dyn FnMut(u64), calls: u64) {
    for number in 0..calls {
        call(number);
        // Exporters catch up.
        if number % 500 == 499 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn wait_for(sink: &Sink, flush: &dyn Fn(), expected: u64) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        flush();
        match sink.count() {
            arrived if arrived == expected => return Ok(()),
            arrived if Instant::now() > deadline => {
                return Err(format!("{arrived} of {expected} spans arrived"));
            }
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn tables(data: &Data) -> String {
    let mut text = String::new();
    for (options, suffix) in
        [("all optional attributes off", ""), ("all optional attributes on", ", all options")]
    {
        let mut table = Table::new(&[
            options,
            "sampled, instructions of all threads",
            "× tracing-opentelemetry",
            "unsampled",
            "× tracing-opentelemetry",
            "filtered out",
            "allocations of the calling thread, sampled",
            "unsampled",
        ]);
        for case in CASES {
            let get = |mode: &str, figure| data.get(case, &format!("{mode}{suffix}"), figure);
            let to_peer = |mode: &str| {
                let mode = format!("{mode}{suffix}");
                ratio(data.get(case, &mode, "instructions") / data.get(OVER_SDK, &mode, "instructions"))
            };
            table.row(&[
                case.to_owned(),
                number(get("sampled", "instructions")),
                to_peer("sampled"),
                number(get("unsampled", "instructions")),
                to_peer("unsampled"),
                number(get("filtered out", "instructions")),
                number(get("sampled", "allocations")),
                number(get("unsampled", "allocations")),
            ]);
        }
        text.push_str(&table.finish(OURS));
        text.push('\n');
    }
    let bounds = BOUNDS.map(|(mode, bound)| format!("{mode} at most {bound}"));
    text.push_str(&format!(
        "The bounds for {OURS}, compared with {OVER_SDK}: {}. fastrace-tracing includes a root span for each call. In the same \
         run, {} spans of both were decoded and were equal in every field.\n",
        bounds.join(", "),
        number(data.get(compare::CASE, compare::MODE, "equal spans")),
    ));
    text
}
