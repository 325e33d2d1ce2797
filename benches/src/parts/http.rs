//! HTTP: one request through an axum router, with an idle and with a busy exporter.

use std::time::Duration;

use ::http::Request;
use axum::body::Body;
use http_body_util::BodyExt;
use tower::Service as _;

use super::{Part, Run};
use crate::beside::Bare;
use crate::cases::{ALL, Case};
use crate::data::{Data, Figures};
use crate::exporters::Out;
use crate::markdown::{Table, number, ratio};
use crate::measure::{Beside, Exit, Pace, Plan, Subject, drive, measure, traceparent};
use crate::process;

pub const PART: Part = Part {
    name: "http",
    runs,
    one,
    calls: 60_000,
    rounds: 9,
    counts_instructions: |mode| mode != "exporting",
    instruction_calls: 4_000,
    all_threads: None,
    tables,
};

pub const OURS: &str = "tracing-http";
pub const MODES: [&str; 3] = ["sampled", "unsampled", "exporting"];

fn runs() -> Vec<Run> {
    super::every(&ALL.map(|(_, name)| name), &MODES)
}

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    if !MODES.contains(&mode) {
        return Err(format!("no mode {mode}: {MODES:?}"));
    }
    // Exporters and their sink run on CPU 1.
    process::pin(1);
    let exit = Exit::of(mode)?;
    let sampled = mode != "unsampled";
    let case = Case::named(case)?;
    let service = case.service(&exit.out());
    // Without `with_state`, axum builds the route again for each request.
    let mut router = service.router.with_state(()).into_service();
    let call = move || self::call(&mut router, sampled);
    let spans_per_call = u64::from(sampled && case != Case::Bare);
    // A busy exporter would catch up during the turn of the bare service.
    let beside =
        if mode == "exporting" { Beside::Yardstick } else { Beside::Bare(Bare::start(PART.name, mode)?) };
    let subject = Subject { call: Box::new(call), flush: service.flush, spans_per_call, beside };
    let pace = match (mode, case) {
        // At full speed its collector falls behind, and further spans stay in their thread until it starts another span,
        // where no flush reaches them.
        ("exporting", Case::Fastrace) => Pace::Every(Duration::from_micros(8)),
        ("exporting", _) => Pace::None,
        _ => Pace::Pauses,
    };
    // The first memory that travels to the exporter is new, and costs the request's thread a page fault per page.
    let calls = if mode == "exporting" { calls * 4 } else { calls };
    measure(subject, &exit, &Plan { calls, round: 1_000, pace })
}

/// Returns the request of a mode without a layer.
pub fn bare(mode: &str) -> Box<dyn FnMut()> {
    let sampled = mode != "unsampled";
    let mut router = Case::Bare.service(&Out::counted()).router.with_state(()).into_service();
    Box::new(move || call(&mut router, sampled))
}

/// Makes one request and reads the response to its end.
pub fn call(router: &mut axum::routing::RouterIntoService<Body>, sampled: bool) {
    let request = request("/orders/7", sampled);
    drive(async {
        let Ok(response) = router.call(request).await;
        response.into_body().collect().await.expect("a body that cannot fail")
    });
}

/// Returns a request from a traced caller.
pub fn request(path: &str, sampled: bool) -> Request<Body> {
    Request::get(path)
        .header("host", "shop.example:8080")
        .header("user-agent", "bench/1.0")
        .header("accept", "*/*")
        .header("traceparent", traceparent(sampled))
        .body(Body::empty())
        .expect("a valid request")
}

fn tables(data: &Data) -> String {
    format!(
        "{}\nThe bare service takes {} ns a request ({} instructions), making the request included. {}\n\n{}",
        request_thread(data),
        number(data.get("bare", "sampled", "ns")),
        number(data.get("bare", "sampled", "instructions")),
        data.noise(&["sampled", "unsampled"]),
        at_work(data),
    )
}

/// All cases except the bare service.
pub fn peers() -> Vec<&'static str> {
    ALL[1..].iter().map(|(_, name)| *name).collect()
}

/// The usable layers of others.
pub fn other_layers() -> Vec<&'static str> {
    peers().into_iter().filter(|name| !name.starts_with(OURS) && *name != "lower bound").collect()
}

/// The table of the README.
pub fn summary(data: &Data) -> String {
    let mut table = Table::new(&[
        "layer",
        "attributes",
        "sampled, ns added",
        "× ours",
        "allocations",
        "in all, exporting by OTLP/HTTP, ns of CPU added",
        "× ours",
        "unsampled, ns added",
        "× ours",
    ]);
    for name in peers() {
        let added = |mode, figure| data.added(name, mode, figure);
        let to_ours = |mode, figure| ratio(added(mode, figure) / data.added(OURS, mode, figure));
        table.row(&[
            name.to_owned(),
            number(data.get(name, "sampled", "attributes")),
            number(added("sampled", "ns")),
            to_ours("sampled", "ns"),
            number(added("sampled", "allocations")),
            number(added("exporting", "process cpu")),
            to_ours("exporting", "process cpu"),
            number(added("unsampled", "ns")),
            to_ours("unsampled", "ns"),
        ]);
    }
    let bare = number(data.get("bare", "sampled", "ns"));
    format!(
        "{}\nThe bare service takes {bare} ns a request, making the request included.",
        table.finish(OURS)
    )
}

fn request_thread(data: &Data) -> String {
    let mut table = Table::new(&[
        "layer",
        "attributes",
        "sampled, ns added",
        "× ours",
        "instructions",
        "allocations",
        "bytes",
        "CPU of other threads, ns",
        "unsampled, ns added",
        "× ours",
        "instructions",
        "allocations",
    ]);
    for name in peers() {
        let added = |mode, figure| data.added(name, mode, figure);
        let to_ours = |mode| ratio(added(mode, "ns") / data.added(OURS, mode, "ns"));
        table.row(&[
            name.to_owned(),
            number(data.get(name, "sampled", "attributes")),
            number(added("sampled", "ns")),
            to_ours("sampled"),
            number(added("sampled", "instructions")),
            number(added("sampled", "allocations")),
            number(added("sampled", "bytes")),
            number(data.get(name, "sampled", "other threads")),
            number(added("unsampled", "ns")),
            to_ours("unsampled"),
            number(added("unsampled", "instructions")),
            number(added("unsampled", "allocations")),
        ]);
    }
    table.finish(OURS)
}

fn at_work(data: &Data) -> String {
    let mut table = Table::new(&[
        "layer, exporting by OTLP/HTTP meanwhile",
        "request thread, ns added",
        "against idle: added",
        "against idle: whole request",
        "in all, ns of CPU added",
        "× ours",
    ]);
    for name in peers() {
        let added = data.added(name, "exporting", "ns");
        let in_all = data.added(name, "exporting", "process cpu");
        table.row(&[
            name.to_owned(),
            number(added),
            ratio(added / data.difference(name, "sampled", "ns")),
            ratio(data.get(name, "exporting", "ns") / data.get(name, "sampled", "ns")),
            number(in_all),
            ratio(in_all / data.added(OURS, "exporting", "process cpu")),
        ]);
    }
    table.finish(OURS)
}
