//! gRPC: one unary call of tonic within the process, with a server layer or a client layer.

use std::fmt::Debug;

use ::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use opentelemetry::trace::TraceContextExt;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service};
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

use super::{Part, Run, remote};
use crate::beside::Bare;
use crate::cases::fastrace_grpc::ByHandLayer;
use crate::cases::lower_bound_grpc::LowerBoundLayer;
use crate::cases::{PassThroughLayer, lower_bound, ours, sdk};
use crate::data::{Data, Figures};
use crate::exporters::{self, Out};
use crate::markdown::{Table, number, ratio};
use crate::measure::{Beside, CallAndFlush, Exit, Pace, Plan, Subject, drive, measure, traceparent};
use crate::process;

#[allow(dead_code, clippy::all)]
mod proto {
    include!("../../../tracing-grpc/tests/support/stock.rs");
}
use proto::stock_client::StockClient;
use proto::stock_server::{Stock, StockServer};
use proto::{Item, Level};

pub const PART: Part = Part {
    name: "grpc",
    runs,
    one,
    calls: 60_000,
    rounds: 11,
    counts_instructions: |_| true,
    instruction_calls: 4_000,
    all_threads: None,
    tables,
};

pub const OURS: &str = "tracing-grpc";
pub const TONIC_OTEL: &str = "tonic-tracing-opentelemetry";
pub const FASTRACE: &str = "fastrace-tonic";
const LOWER_BOUND: &str = "lower bound";
pub const FASTRACE_BY_HAND: &str = "fastrace-tonic, attributes by hand";
/// The layer whose bodies have a type of its own.
const OURS_BY_DEFAULT: &str = "tracing-grpc without keep_tonic_body";
const CASES: [&str; 7] = ["bare", LOWER_BOUND, OURS, OURS_BY_DEFAULT, FASTRACE, FASTRACE_BY_HAND, TONIC_OTEL];
/// The cases that are measured for the server alone.
const OF_SERVERS: [&str; 3] = [LOWER_BOUND, OURS_BY_DEFAULT, FASTRACE_BY_HAND];
pub const MODES: [&str; 4] = ["server, sampled", "server, unsampled", "client, sampled", "client, unsampled"];

fn runs() -> Vec<Run> {
    let mut runs = super::every(&CASES, &MODES);
    runs.retain(|run| run.mode.starts_with("server") || !OF_SERVERS.contains(&run.case));
    runs
}

struct Shelf;

type Levels =
    std::pin::Pin<Box<dyn tonic::codegen::tokio_stream::Stream<Item = Result<Level, tonic::Status>> + Send>>;

#[tonic::async_trait]
impl Stock for Shelf {
    async fn check(&self, request: tonic::Request<Item>) -> Result<tonic::Response<Level>, tonic::Status> {
        let Item { sku, quantity } = request.into_inner();
        Ok(tonic::Response::new(Level { sku, quantity }))
    }

    type WatchStream = Levels;

    async fn watch(&self, _: tonic::Request<Item>) -> Result<tonic::Response<Levels>, tonic::Status> {
        Err(tonic::Status::unimplemented("only unary calls are measured"))
    }

    async fn reserve(
        &self,
        _: tonic::Request<tonic::Streaming<Item>>,
    ) -> Result<tonic::Response<Level>, tonic::Status> {
        Err(tonic::Status::unimplemented("only unary calls are measured"))
    }

    type TradeStream = Levels;

    async fn trade(
        &self,
        _: tonic::Request<tonic::Streaming<Item>>,
    ) -> Result<tonic::Response<Levels>, tonic::Status> {
        Err(tonic::Status::unimplemented("only unary calls are measured"))
    }
}

/// Returns the call of a mode without a layer.
pub fn bare(mode: &str) -> Result<Box<dyn FnMut()>, String> {
    let (side, sampled) = parse(mode)?;
    let layer = PassThroughLayer::default();
    Ok(match side {
        "server" => serving(layer.layer(routes()), sampled),
        _ => calling(layer.layer(StockServer::new(Shelf)), sampled),
    })
}

/// Returns the side, and whether the caller has sampled the call.
fn parse(mode: &str) -> Result<(&str, bool), String> {
    let (side, sampling) = mode.split_once(", ").ok_or_else(|| format!("no mode {mode}: {MODES:?}"))?;
    Ok((side, sampling == "sampled"))
}

/// The service that tonic's server wraps in layers.
fn routes() -> Routes {
    Routes::new(StockServer::new(Shelf)).prepare()
}

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    process::pin(1);
    let (side, sampled) = parse(mode)?;
    let out = Out::counted();
    let (server, routes) = (StockServer::new(Shelf), routes());
    let (call, flush): CallAndFlush = match (case, side) {
        ("bare", _) => (bare(mode)?, Box::new(|| {})),
        (LOWER_BOUND, "server") => {
            let call = serving(LowerBoundLayer.layer(routes), sampled);
            (call, lower_bound::start_export(&out, 5))
        }
        (OURS_BY_DEFAULT, "server") => {
            let provider = exporters::ours(&out);
            let call = serving(ServerLayer::new().with_provider(&provider).layer(routes), sampled);
            (call, ours::flush(provider))
        }
        (OURS, _) => {
            let provider = exporters::ours(&out);
            let call = if side == "server" {
                let layer =
                    tracing_grpc::tonic::ServerLayer::new().with_provider(&provider).with_read_ahead();
                serving(layer.layer(routes), sampled)
            } else {
                let layer =
                    ClientLayer::new().with_provider(&provider).with_server_address("stock.example", 50051);
                calling(layer.layer(server), sampled)
            };
            (call, ours::flush(provider))
        }
        (TONIC_OTEL, _) => {
            use tonic_tracing_opentelemetry::middleware::{client, server as servers};
            let flush = sdk::flush(sdk::with_tracing(&out));
            let call = if side == "server" {
                serving(servers::OtelGrpcLayer::default().layer(routes), sampled)
            } else {
                calling(client::OtelGrpcLayer.layer(server), sampled)
            };
            (call, flush)
        }
        (FASTRACE_BY_HAND, "server") => {
            exporters::fastrace(&out);
            let layer = fastrace_tonic::FastraceServerLayer::default();
            let call = serving(layer.layer(ByHandLayer.layer(routes)), sampled);
            (call, Box::new(crate::cases::fastrace::flush))
        }
        (FASTRACE, _) => {
            exporters::fastrace(&out);
            let call = if side == "server" {
                serving(fastrace_tonic::FastraceServerLayer::default().layer(routes), sampled)
            } else {
                fastrace_parent(sampled);
                calling(fastrace_tonic::FastraceClientLayer.layer(server), sampled)
            };
            (call, Box::new(crate::cases::fastrace::flush))
        }
        _ => return Err(format!("no case {case}: {CASES:?}")),
    };
    // fastrace's client layer propagates the context and makes no span.
    let makes_span = case != "bare" && (case, side) != (FASTRACE, "client");
    let beside = Beside::Bare(Bare::start(PART.name, mode)?);
    let subject = Subject { call, flush, spans_per_call: u64::from(sampled && makes_span), beside };
    measure(subject, &Exit::Counter, &Plan { calls, round: 1_000, pace: Pace::Pauses })
}

/// Calls the service as tonic's server does, which boxes the body of a layer.
fn serving<S, B>(mut service: S, sampled: bool) -> Box<dyn FnMut()>
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
    B: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<tonic::codegen::StdError>,
{
    let message = prost::Message::encode_to_vec(&Item { sku: "A-7".into(), quantity: 2 });
    let mut frame = vec![0, 0, 0, 0, message.len() as u8];
    frame.extend(message);
    let frame = Bytes::from(frame);
    Box::new(move || {
        let request = Request::post("http://stock.example:50051/shop.v1.Stock/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", "bench/1.0")
            .header("traceparent", traceparent(sampled))
            .body(Body::new(Full::new(frame.clone())))
            .expect("a valid request");
        drive(async {
            let response = service.call(request).await.expect("the service is infallible");
            let body = Body::new(response.into_body()).collect().await.expect("a body that cannot fail");
            assert_eq!(body.trailers().map(|trailers| trailers["grpc-status"] == "0"), Some(true));
        });
    })
}

/// Calls the service through a generated client, within a sampled or unsampled context.
fn calling<S, B>(service: S, sampled: bool) -> Box<dyn FnMut()>
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Into<tonic::codegen::StdError>,
    B: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<tonic::codegen::StdError> + Send,
{
    let parent = opentelemetry::Context::new().with_remote_span_context(remote(sampled));
    // Stays attached until the process ends.
    std::mem::forget(parent.attach());
    let mut client = StockClient::new(service);
    Box::new(move || {
        let item = Item { sku: "A-7".into(), quantity: 2 };
        drive(client.check(item)).expect("an answer");
    })
}

fn fastrace_parent(sampled: bool) {
    use fastrace::collector::{SpanContext, SpanId, TraceId};
    let context = SpanContext::new(TraceId(7), SpanId(7)).sampled(sampled);
    let parent = Box::leak(Box::new(fastrace::Span::root("request", context)));
    std::mem::forget(parent.set_local_parent());
}

fn tables(data: &Data) -> String {
    let mut text = String::new();
    for side in ["server", "client"] {
        let mut table = Table::new(&[
            &format!("{side}'s layer"),
            "attributes",
            "sampled, ns added",
            "× ours",
            "instructions",
            "allocations",
            "unsampled, ns added",
            "× ours",
            "instructions",
            "allocations",
        ]);
        for name in CASES[1..].iter().filter(|name| side == "server" || !OF_SERVERS.contains(name)) {
            let mut cells =
                vec![name.to_string(), number(data.get(name, &format!("{side}, sampled"), "attributes"))];
            for sampling in ["sampled", "unsampled"] {
                let mode = format!("{side}, {sampling}");
                let added = |figure| data.added(name, &mode, figure);
                cells.push(number(added("ns")));
                cells.push(ratio(added("ns") / data.added(OURS, &mode, "ns")));
                cells.push(number(added("instructions")));
                cells.push(number(added("allocations")));
            }
            table.row(&cells);
        }
        text += &table.finish(OURS);
        let modes = ["sampled", "unsampled"].map(|sampling| format!("{side}, {sampling}"));
        let bare = number(data.get("bare", &modes[0], "ns"));
        text += &format!("\nThe bare call takes {bare} ns. {}\n\n", data.noise(&modes));
    }
    text
}
