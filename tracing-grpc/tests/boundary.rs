//! Trust boundaries over gRPC: strangers change neither the sampling nor what is sent on, and a secret in baggage reaches no
//! host outside the list.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, Response};
use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::SpanKind;
use support::proto::stock_client::StockClient;
use support::{Shelf, item};
use tonic::body::Body;
use tonic::transport::{Endpoint, Server};
use tower::ServiceExt;
use tower_layer::Layer;
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::propagation::boundary::{
    InboundBoundary, InboundPolicy, OutboundBoundary, OutboundPolicy,
};
use tracing_core_lite::sampling::{ParentBased, Ratio};
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

const SECRET: &str = "q7Zk0secretW3x";
/// A span of OpenCensus, with trace id 404142…4f.
const TRACE_BIN: &str = "AABAQUJDREVGR0hJSktMTU5PAWFiY2RlZmdoAgE";

/// Answers a call with the metadata that a call below it carries.
async fn call_on(spans: TestSpans) -> Response<Body> {
    let echo = tower::service_fn(|request: Request<Body>| async move {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = request.headers().clone();
        Ok::<_, Infallible>(response)
    });
    let client = ClientLayer::new().with_provider(spans.provider()).layer(echo);
    let request = Request::post("http://inventory.internal/shop.v1.Stock/Check").body(Body::empty()).unwrap();
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = client.oneshot(request).await.unwrap().headers().clone();
    response
}

#[tokio::test]
async fn a_stranger_changes_neither_sampling_nor_what_is_sent_on() {
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(0.1)))).unwrap();
    let list = |count: usize| (0..count).map(|i| format!("key{i}={SECRET}")).collect::<Vec<_>>().join(",");
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_inbound_boundary(InboundBoundary::new(InboundPolicy::Public));
    let mut sampled = 0;
    for call in 0..2000_u128 {
        // Ids that every sampler would choose.
        let trace = ((call + 1) << 64) | 0xff_ffff_ffff_ffff;
        let request = Request::post("http://shop.example/shop.v1.Stock/Check");
        let request = match call % 2 {
            0 => request
                .header("traceparent", format!("00-{trace:032x}-00f067aa0ba902b7-01"))
                .header("tracestate", list(32))
                .header("baggage", list(100)),
            _ => request.header("grpc-trace-bin", TRACE_BIN),
        };
        let spans = spans.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let fields = ["traceparent", "tracestate", "baggage", "grpc-trace-bin"];
            assert!(fields.iter().all(|field| !request.headers().contains_key(*field)));
            let spans = spans.clone();
            async move { Ok::<_, Infallible>(call_on(spans).await) }
        });
        let request = request.body(Body::empty()).unwrap();
        let sent = layer.layer(service).oneshot(request).await.unwrap().headers().clone();
        let traceparent = sent["traceparent"].to_str().unwrap();
        sampled += usize::from(traceparent.ends_with("-01") || traceparent.ends_with("-03"));
        assert_ne!(traceparent[3..35], format!("{trace:032x}"));
        assert!(!traceparent.contains("404142434445464748494a4b4c4d4e4f"));
        assert!(!sent.contains_key("baggage") && !format!("{sent:?}").contains(SECRET), "{sent:?}");
    }
    // Ten percent, within six standard deviations.
    assert!((120..280).contains(&sampled), "{sampled} of 2000");
    let servers: Vec<_> = spans
        .wait_for(sampled)
        .into_iter()
        .map(|it| it.span)
        .filter(|span| span.kind == SpanKind::Server)
        .collect();
    for span in servers {
        assert_eq!(span.text("tracing_suite.boundary.policy"), Some("public"));
        assert_eq!(span.links.len(), 1, "a link to what came in");
    }
}

/// Returns the metadata that a server at a loopback port receives.
async fn server() -> (Endpoint, Arc<Mutex<Vec<HeaderMap>>>) {
    let seen = Arc::<Mutex<Vec<HeaderMap>>>::default();
    let sink = Arc::clone(&seen);
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_on_request(
        move |request: &tracing_grpc::RequestHead<'_>, _: &mut tracing_core_lite::Recorder<'_>| {
            sink.lock().unwrap().push(request.metadata().clone());
        },
    );
    let port = support::serve(Server::builder().layer(layer), Shelf::default()).await;
    (Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap(), seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_does_not_reach_a_host_outside_the_list() {
    for (listed, policy, expected) in [
        ("127.0.0.1", OutboundPolicy::Everything, "everything"),
        ("127.0.0.1", OutboundPolicy::TraceparentOnly, "traceparent"),
        ("127.0.0.1", OutboundPolicy::Pseudonym, "pseudonym"),
        ("stock.internal", OutboundPolicy::Everything, "nothing"),
    ] {
        let (endpoint, seen) = server().await;
        let spans = TestSpans::new();
        let boundary = OutboundBoundary::new(OutboundPolicy::Everything)
            .with_partner("127.0.0.1", "stock", policy)
            .with_only([listed]);
        let layer = ClientLayer::new()
            .with_provider(spans.provider())
            .with_endpoint(&endpoint)
            .with_grpc_trace_bin(true)
            .with_outbound_boundary(boundary);
        let mut client = StockClient::new(layer.layer(endpoint.connect_lazy()));
        let work = spans.tracer().span("work").start();
        let context = work.in_context(&Context::new().with_baggage([KeyValue::new("key", SECRET)]));
        let mut request = tonic::Request::new(item("A-7"));
        request.metadata_mut().insert("b3", "0".parse().unwrap());
        client.check(request).in_context(context).await.unwrap();
        let metadata = seen.lock().unwrap()[0].clone();
        let has = |field: &str| metadata.contains_key(field);
        assert_eq!(has("traceparent"), expected != "nothing", "{expected}");
        assert_eq!(has("baggage"), expected == "everything", "{expected}");
        assert_eq!(has("grpc-trace-bin"), expected == "everything", "{expected}");
        assert!(!has("b3") || expected == "everything", "{expected}");
        assert_eq!(format!("{metadata:?}").contains(SECRET), expected == "everything", "{expected}");
        let client_span = spans.one("shop.v1.Stock/Check");
        assert_eq!(client_span.text("tracing_suite.boundary.sent"), Some(expected));
        let traceparent = metadata.get("traceparent").map(|it| it.to_str().unwrap().to_owned());
        let own = traceparent.is_some_and(|it| it.contains(&client_span.trace_id.to_string()));
        assert_eq!(own, matches!(expected, "everything" | "traceparent"));
        assert_eq!(client_span.text("service.peer.name"), Some("stock"));
    }
}
