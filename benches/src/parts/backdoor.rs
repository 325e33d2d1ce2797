//! HTTP over opentelemetry_sdk: our layer beside opentelemetry-instrumentation-tower with the same attributes.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ::http::Request;
use axum::body::Body;
use opentelemetry::KeyValue;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_core_lite::otel;

use super::{Part, Run, http};
use crate::cases::{Case, Service, router, sdk};
use crate::data::{Data, Figures};
use crate::exporters::{self, Out, SPANS};
use crate::markdown::{Table, number, ratio};
use crate::measure::{Beside, Exit, Pace, Plan, Subject, measure};
use crate::process;

pub const PART: Part = Part {
    name: "backdoor",
    runs,
    one,
    // Only allocations are taken from these, which do not vary.
    calls: 10_000,
    rounds: 1,
    counts_instructions: |mode| mode != COMPARED,
    instruction_calls: 4_000,
    all_threads: Some(count),
    tables,
};

const BARE: &str = "bare";
pub const PEER: &str = "opentelemetry-instrumentation-tower, same attributes";
pub const OURS: &str = "tracing-http over opentelemetry_sdk";
pub const OURS_NO_ATTRIBUTES: &str = "tracing-http, for samplers that read no attributes";
const CASES: [&str; 4] = [BARE, PEER, OURS, OURS_NO_ATTRIBUTES];
const MODES: [&str; 2] = ["sampled", "unsampled"];
const EQUAL: &str = "equal attributes";
const COMPARED: &str = "compared";

fn runs() -> Vec<Run> {
    let mut runs = super::every(&CASES, &MODES);
    runs.push(Run { case: EQUAL, mode: COMPARED.to_owned() });
    runs
}

fn service(case: &str, out: &Out) -> Result<Service, String> {
    match case {
        BARE => Ok(Case::Bare.service(out)),
        PEER => Ok(peer(exporters::sdk(out))),
        OURS => Ok(Case::OursOverSdk.service(out)),
        OURS_NO_ATTRIBUTES => {
            otel::set_sampler_reads_attributes(false);
            Ok(Case::OursOverSdk.service(out))
        }
        _ => Err(format!("no case {case}: {CASES:?}")),
    }
}

/// With the attributes that our layer records in addition, as its users add them.
fn peer(provider: SdkTracerProvider) -> Service {
    use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
    opentelemetry::global::set_tracer_provider(provider.clone());
    let layer =
        LayerBuilder::builder().with_metrics(false).with_request_extractor_fn(|request: &Request<Body>| {
            let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
            let (host, port) = header("host").and_then(|host| host.rsplit_once(':')).unwrap_or_default();
            vec![
                KeyValue::new("network.protocol.version", "1.1"),
                KeyValue::new("server.address", host.to_owned()),
                KeyValue::new("server.port", port.parse().unwrap_or(80_i64)),
            ]
        });
    let layer = layer.build().expect("valid settings");
    Service { router: router().layer(layer), flush: sdk::flush(provider) }
}

fn spans_per_call(case: &str, mode: &str) -> u64 {
    u64::from(mode == "sampled" && case != BARE)
}

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    if case == EQUAL {
        return compare();
    }
    process::pin(1);
    let service = service(case, &Out::counted())?;
    let mut router = service.router.with_state(()).into_service();
    let sampled = mode == "sampled";
    let call = Box::new(move || http::call(&mut router, sampled));
    let spans_per_call = spans_per_call(case, mode);
    let subject = Subject { call, flush: service.flush, spans_per_call, beside: Beside::Yardstick };
    measure(subject, &Exit::Counter, &Plan { calls, round: 1_000, pace: Pace::Pauses })
}

/// Makes calls whose instructions are counted on all threads, and waits until their spans have arrived.
fn count(case: &str, mode: &str, calls: u64) -> Result<(), String> {
    /// Fills caches and pools.
    const WARM_UP: u64 = 500;
    let service = service(case, &Out::counted())?;
    let mut router = service.router.with_state(()).into_service();
    let sampled = mode == "sampled";
    let mut call = || http::call(&mut router, sampled);
    (0..WARM_UP).for_each(|_| call());
    repeat_counted(&mut call, calls);
    let expected = (WARM_UP + calls) * spans_per_call(case, mode);
    let deadline = Instant::now() + Duration::from_secs(60);
    while SPANS.load(Ordering::Relaxed) < expected {
        (service.flush)();
        if Instant::now() > deadline {
            return Err(format!("spans are missing: fewer than {expected} arrived"));
        }
    }
    Ok(())
}

/// The function at which callgrind sets what it has counted to zero.
#[inline(never)]
fn repeat_counted(call: &mut dyn FnMut(), calls: u64) {
    for number in 0..calls {
        call();
        // Exporters catch up.
        if number % 500 == 499 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The attributes of the last span.
static LAST: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct KeepsLast;

impl SpanExporter for KeepsLast {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        if let Some(span) = batch.last() {
            let attribute = |attribute: &KeyValue| format!("{}={}", attribute.key, attribute.value);
            let mut attributes: Vec<String> = span.attributes.iter().map(attribute).collect();
            attributes.sort_unstable();
            *LAST.lock().expect("no panic") = attributes;
        }
        Ok(())
    }
}

/// Compares the attributes of a span of each side, which must have the same keys.
fn compare() -> Result<Figures, String> {
    let of = |service: fn(SdkTracerProvider) -> Service| {
        let service = service(exporters::sdk_of(KeepsLast, 1_000));
        let mut router = service.router.with_state(()).into_service();
        http::call(&mut router, true);
        (service.flush)();
        std::mem::take(&mut *LAST.lock().expect("no panic"))
    };
    let theirs = of(peer);
    let ours = of(|provider| {
        opentelemetry::global::set_tracer_provider(provider.clone());
        let router = router().layer(tracing_http::axum::ServerLayer::new());
        Service { router, flush: sdk::flush(provider) }
    });
    let keys = |attributes: &[String]| -> Vec<String> {
        attributes.iter().filter_map(|it| Some(it.split_once('=')?.0.to_owned())).collect()
    };
    if keys(&theirs) != keys(&ours) || ours.is_empty() {
        return Err(format!("the attributes differ:\ntheirs {theirs:#?}\nours {ours:#?}"));
    }
    let equal = theirs.iter().filter(|attribute| ours.contains(attribute)).count();
    Ok(vec![("equal attributes", equal as f64), ("attributes", ours.len() as f64)])
}

fn tables(data: &Data) -> String {
    let mut table = Table::new(&[
        "layer",
        "sampled, instructions added on all threads",
        "× opentelemetry-instrumentation-tower",
        "unsampled",
        "× opentelemetry-instrumentation-tower",
        "allocations added, sampled",
        "unsampled",
    ]);
    for case in &CASES[1..] {
        let added = |mode, figure| data.difference(case, mode, figure);
        let to_peer = |mode| ratio(added(mode, "instructions") / data.difference(PEER, mode, "instructions"));
        table.row(&[
            (*case).to_owned(),
            number(added("sampled", "instructions")),
            to_peer("sampled"),
            number(added("unsampled", "instructions")),
            to_peer("unsampled"),
            number(added("sampled", "allocations")),
            number(added("unsampled", "allocations")),
        ]);
    }
    format!(
        "{}\nBoth record the same {} attributes, {} of them with equal values (the peer's `url.scheme` is empty), read the caller's \
         context through the same propagator, and record no metrics.\n",
        table.finish(OURS),
        number(data.get(EQUAL, COMPARED, "attributes")),
        number(data.get(EQUAL, COMPARED, "equal attributes")),
    )
}
