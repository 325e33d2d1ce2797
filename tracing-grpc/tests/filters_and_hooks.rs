//! Filters choose which calls are traced, and hooks add attributes.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use http::HeaderName;
use opentelemetry::trace::SpanKind;
use support::{Shelf, Shop, item};
use tonic::transport::Server;
use tonic::{Code, Request};
use tower_layer::Layer;
use tracing_core_lite::Recorder;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::data::{AnyValue, SpanData};
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;
use tracing_grpc::{RequestHead, ResponseHead, skip_health_and_reflection};

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_are_left_out() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_filter(skip_health_and_reflection);
    let port = support::serve(Server::builder().layer(layer), Shelf::default()).await;
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client = tonic::client::Grpc::new(endpoint.connect_lazy());
    for (path, is_traced) in [
        ("/grpc.health.v1.Health/Check", false),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", false),
        ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", false),
        ("/grpc.testing.Health/Check", true),
    ] {
        let before = spans.finished().len();
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<support::proto::Item, support::proto::Level>::default();
        let path_and_query = http::uri::PathAndQuery::from_static(path);
        let status = client.unary(Request::new(item("x")), path_and_query, codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(spans.finished().len() - before, usize::from(is_traced), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_left_out_keeps_its_trace() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_filter(|_: &RequestHead<'_>| false);
    let shelf = Shelf { inner_spans: Some(spans.clone()) };
    let port = support::serve(Server::builder().layer(layer), shelf).await;
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let layer = ClientLayer::new().with_provider(spans.provider()).with_filter(|_: &RequestHead<'_>| false);
    let mut client = support::proto::stock_client::StockClient::new(layer.layer(endpoint.connect_lazy()));
    let outer = spans.tracer().span("order").start();
    let context = outer.in_context(&tracing_core_lite::Context::new());
    client.check(item("A-7")).in_context(context).await.unwrap();
    outer.end();
    let _all = spans.wait_for(2);
    spans.assert_tree("order\n  look");
}

fn texts<'a>(span: &'a SpanData, key: &str) -> Option<Vec<&'a str>> {
    match span.attribute(key)? {
        AnyValue::Array(values) => Some(values.iter().filter_map(AnyValue::as_str).collect()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_by_list_only() {
    let names = ["x-tenant", "authorization", "x-absent"].map(HeaderName::from_static);
    let answers = ["x-shelf", "set-cookie", "grpc-message"].map(HeaderName::from_static);
    let mut shop = Shop::with(
        |layer| {
            layer
                .with_captured_request_metadata(names.clone())
                .with_captured_response_metadata(answers.clone())
        },
        |layer| {
            layer.with_captured_response_metadata_and_credentials([HeaderName::from_static("set-cookie")])
        },
    )
    .await;
    let mut request = Request::new(item("A-7"));
    request.metadata_mut().append("x-tenant", "north".parse().unwrap());
    request.metadata_mut().append("x-tenant", "south".parse().unwrap());
    request.metadata_mut().insert("authorization", "Bearer secret".parse().unwrap());
    request.metadata_mut().insert("x-other", "secret".parse().unwrap());
    shop.client.check(request).await.unwrap();
    let (client, server) = shop.pair();
    let captured = |span: &SpanData| -> Vec<String> {
        let keys = span.attributes.iter().map(|(key, _)| key.clone());
        keys.filter(|key| key.contains("metadata")).collect()
    };
    assert_eq!(captured(&server), ["rpc.request.metadata.x-tenant", "rpc.response.metadata.x-shelf"]);
    assert_eq!(texts(&server, "rpc.request.metadata.x-tenant"), Some(vec!["north", "south"]));
    assert_eq!(texts(&server, "rpc.response.metadata.x-shelf"), Some(vec!["12"]));
    assert_eq!(captured(&client), ["rpc.response.metadata.set-cookie"]);
    assert_eq!(texts(&client, "rpc.response.metadata.set-cookie"), Some(vec!["secret"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_trailers() {
    let key = HeaderName::from_static("grpc-status");
    let mut shop = Shop::with(|layer| layer.with_captured_response_metadata([key]), |layer| layer).await;
    shop.client.check(item("A-7")).await.unwrap();
    let (_, server) = shop.pair();
    assert_eq!(texts(&server, "rpc.response.metadata.grpc-status"), Some(vec!["0"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_add_attributes() {
    let spans = TestSpans::new();
    let server = ServerLayer::new()
        .with_provider(spans.provider())
        .with_on_request(|request: &RequestHead<'_>, span: &mut Recorder<'_>| {
            span.set("shop.service", request.service().unwrap_or_default());
        })
        .with_on_response(|response: &ResponseHead<'_>, span: &mut Recorder<'_>| {
            span.set("shop.has_shelf", response.metadata().contains_key("x-shelf"));
        });
    let port = support::serve(Server::builder().layer(server), Shelf::default()).await;
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let client = ClientLayer::new().with_provider(spans.provider()).with_on_request(
        |request: &RequestHead<'_>, span: &mut Recorder<'_>| {
            span.set_some("shop.method", request.method());
        },
    );
    let mut client = support::proto::stock_client::StockClient::new(client.layer(endpoint.connect_lazy()));
    client.check(item("A-7")).await.unwrap();
    let all = spans.wait_for(2);
    let of = |kind| &all.iter().find(|finished| finished.span.kind == kind).unwrap().span;
    assert_eq!(of(SpanKind::Server).text("shop.service"), Some("shop.v1.Stock"));
    assert_eq!(of(SpanKind::Server).attribute("shop.has_shelf"), Some(&AnyValue::Bool(true)));
    assert_eq!(of(SpanKind::Client).text("shop.method"), Some("shop.v1.Stock/Check"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_around_one_service() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider());
    let stock = layer.layer(support::proto::stock_server::StockServer::new(Shelf::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    tokio::spawn(Server::builder().add_service(stock).serve_with_incoming(incoming));
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client = support::proto::stock_client::StockClient::new(endpoint.connect_lazy());
    client.check(item("A-7")).await.unwrap();
    let span = &spans.wait_for(1)[0].span;
    assert_eq!((span.name.as_str(), &span.kind), ("shop.v1.Stock/Check", &SpanKind::Server));
}
