//! The bounds for our layers beside their peers, and the measured ratios.

use crate::cases::spans;
use crate::data::Data;
use crate::markdown::{Table, ratio};
use crate::parts::{backdoor, export, growth, grpc, http, server, sql, tracing};

const FASTRACE: &str = "fastrace-axum";
const OTEL_TOWER: &str = "opentelemetry-instrumentation-tower";
/// The layers that export through opentelemetry_sdk.
const OPENTELEMETRY: [&str; 4] = [
    OTEL_TOWER,
    "opentelemetry-instrumentation-tower, with metrics",
    "tower-http TraceLayer + tracing-opentelemetry",
    "axum-tracing-opentelemetry",
];

/// A promise: the ratio, its bound and its value.
struct Ratio {
    what: String,
    at_most: bool,
    bound: f64,
    value: f64,
}

impl Ratio {
    fn at_most(bound: f64, what: impl Into<String>, value: f64) -> Self {
        Self { what: what.into(), at_most: true, bound, value }
    }

    fn at_least(bound: f64, what: impl Into<String>, value: f64) -> Self {
        Self { what: what.into(), at_most: false, bound, value }
    }

    fn verdict(&self) -> &'static str {
        let holds = if self.at_most { self.value <= self.bound } else { self.value >= self.bound };
        match (self.value.is_finite(), holds) {
            (false, _) => "not measured",
            (true, true) => "holds",
            (true, false) => "**missed**",
        }
    }
}

pub fn table() -> String {
    let load = |part| Data::load(part, false);
    let all = [
        of_http(&load(http::PART.name)),
        of_server(&load(server::PART.name)),
        of_grpc(&load(grpc::PART.name)),
        of_sql(&load(sql::PART.name)),
        of_export(&load(export::PART.name)),
        of_growth(&load(growth::PART.name)),
        of_tracing(&load(tracing::PART.name)),
        of_backdoor(&load(backdoor::PART.name)),
    ];
    let mut table = Table::new(&["ratio", "bound", "measured", "verdict"]);
    for ratio_of in all.iter().flatten() {
        let sign = if ratio_of.at_most { "≤" } else { "≥" };
        table.row(&[
            ratio_of.what.clone(),
            format!("{sign} {}", ratio_of.bound),
            ratio(ratio_of.value),
            ratio_of.verdict().to_owned(),
        ]);
    }
    table.finish("")
}

fn lowest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}

fn of_http(data: &Data) -> Vec<Ratio> {
    let to = |peer, mode| data.added(http::OURS, mode, "ns") / data.added(peer, mode, "ns");
    let in_all = |case| data.added(case, "exporting", "process cpu");
    let by_processes = |mode| data.difference(http::OURS, mode, "ns");
    let working = by_processes("exporting") / by_processes("sampled");
    vec![
        Ratio::at_most(
            1.6,
            "sampled request, thread's added time: to the lower bound",
            to("lower bound", "sampled"),
        ),
        Ratio::at_most(
            0.45,
            "sampled request, thread's added time: to fastrace-axum",
            to(FASTRACE, "sampled"),
        ),
        Ratio::at_most(
            0.33,
            format!("sampled request, thread's added time: to {OTEL_TOWER}"),
            to(OTEL_TOWER, "sampled"),
        ),
        Ratio::at_most(
            0.2,
            "sampled request in all, exported by OTLP/HTTP: to the best OpenTelemetry stack",
            in_all(http::OURS) / lowest(OPENTELEMETRY.map(in_all)),
        ),
        Ratio::at_most(0.3, "unsampled request: to fastrace-axum", to(FASTRACE, "unsampled")),
        Ratio::at_most(0.15, format!("unsampled request: to {OTEL_TOWER}"), to(OTEL_TOWER, "unsampled")),
        Ratio::at_most(1.3, "thread's added time with the exporter at work: to idle", working),
    ]
}

fn of_server(data: &Data) -> Vec<Ratio> {
    let of = |mode, figure| data.get(server::OURS, mode, figure);
    let by_cpu = |mode| 1.0 / of(mode, "cpu to bare");
    let megabytes = of("sampled", "memory added") / 1e6;
    vec![
        Ratio::at_least(0.9, "server: requests per second kept, all sampled", of("sampled", "kept")),
        Ratio::at_least(0.96, "server: requests per second kept, none sampled", of("unsampled", "kept")),
        Ratio::at_least(0.9, "server: the same by CPU per request, all sampled", by_cpu("sampled")),
        Ratio::at_least(0.96, "server: the same by CPU per request, none sampled", by_cpu("unsampled")),
        Ratio::at_most(1.1, "server: p99 at 20,000/s to bare, all sampled", of("sampled", "p99 to bare")),
        Ratio::at_most(1.1, "server: p99 at 20,000/s to bare, none sampled", of("unsampled", "p99 to bare")),
        Ratio::at_most(20.0, "server: more memory than bare, MB, all sampled", megabytes),
    ]
}

fn of_grpc(data: &Data) -> Vec<Ratio> {
    let to_cheapest = |side: &str, sampling: &str, figure: &str| {
        let mode = format!("{side}, {sampling}");
        // fastrace's client layer makes no span.
        let peers =
            if side == "client" { vec![grpc::TONIC_OTEL] } else { vec![grpc::TONIC_OTEL, grpc::FASTRACE] };
        let cheapest = lowest(peers.into_iter().map(|peer| data.added(peer, &mode, figure)));
        let of_what = if figure == "ns" { "thread's added time" } else { "added CPU time of all threads" };
        let what = format!("gRPC unary, {mode}, {of_what}: to the cheapest peer that makes a span");
        Ratio::at_most(0.5, what, data.added(grpc::OURS, &mode, figure) / cheapest)
    };
    let to_equal = |mode: &str| {
        let peers = [grpc::TONIC_OTEL, grpc::FASTRACE_BY_HAND];
        let cheapest = lowest(peers.map(|peer| data.added(peer, mode, "ns")));
        let what =
            format!("gRPC unary, {mode}, thread's added time: to the cheapest peer with as many attributes");
        Ratio::at_most(0.5, what, data.added(grpc::OURS, mode, "ns") / cheapest)
    };
    vec![
        to_cheapest("server", "sampled", "ns"),
        to_equal("server, sampled"),
        to_cheapest("server", "sampled", "process cpu"),
        to_cheapest("server", "unsampled", "ns"),
        to_cheapest("client", "sampled", "ns"),
        to_cheapest("client", "unsampled", "ns"),
    ]
}

fn of_sql(data: &Data) -> Vec<Ratio> {
    let to_cheapest = |mode| {
        let added = |case| sql::added(data, case, mode, "wall");
        let what = format!("SQL wrapper, {mode}: to the cheapest peer");
        Ratio::at_most(0.5, what, added(sql::OURS) / lowest(sql::PEERS.map(added)))
    };
    vec![to_cheapest("sampled"), to_cheapest("unsampled")]
}

fn of_export(data: &Data) -> Vec<Ratio> {
    let of = |mode| {
        let cpu = |case| data.get(case, mode, "process cpu");
        let what = format!("CPU of a span, exported by {mode}: to opentelemetry_sdk");
        Ratio::at_most(0.2, what, cpu(spans::OURS) / cpu(spans::SDK))
    };
    vec![of("OTLP/HTTP"), of("OTLP/gRPC")]
}

fn of_growth(data: &Data) -> Vec<Ratio> {
    let held = |moment| data.get(spans::OURS, "no receiver", moment);
    let limit = tracing_core_lite::pipeline::BatchLimits::default().max_queue_bytes as f64;
    vec![
        Ratio::at_most(
            1.05,
            "memory without a receiver, after 6 million spans: to after 1.2 million",
            held("100") / held("20"),
        ),
        Ratio::at_most(
            1.0,
            "memory without a receiver, more than at the start: to the limit of the queue",
            (held("100") - held("0")) / limit,
        ),
    ]
}

fn of_tracing(data: &Data) -> Vec<Ratio> {
    let of = |mode: &str, bound| {
        let count = |case| data.get(case, mode, "instructions");
        let what = format!("`tracing` span, {mode}, instructions: to {}", tracing::OVER_SDK);
        Ratio::at_most(bound, what, count(tracing::OURS) / count(tracing::OVER_SDK))
    };
    ["", ", all options"]
        .into_iter()
        .flat_map(|options| tracing::BOUNDS.map(|(mode, bound)| of(&format!("{mode}{options}"), bound)))
        .collect()
}

fn of_backdoor(data: &Data) -> Vec<Ratio> {
    let of = |case, mode, bound| {
        let added = |case| data.difference(case, mode, "instructions");
        let what = format!("{case}, {mode}, instructions: to {OTEL_TOWER}");
        Ratio::at_most(bound, what, added(case) / added(backdoor::PEER))
    };
    vec![of(backdoor::OURS, "sampled", 1.0), of(backdoor::OURS_NO_ATTRIBUTES, "unsampled", 0.5)]
}
