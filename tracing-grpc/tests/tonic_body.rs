//! A layer that keeps tonic's body records the same spans, and can be used below layers that require that body.

#![allow(clippy::unwrap_used)]

mod support;

use http::{Request, Response};
use http_body::Body as _;
use opentelemetry::trace::SpanKind;
use support::proto::stock_client::StockClient;
use support::proto::stock_server::StockServer;
use support::{Shelf, ending, item};
use tonic::body::Body;
use tonic::transport::{Endpoint, Server};
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::tonic::ServerLayer;

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_streams() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new().with_provider(spans.provider()).with_read_ahead();
    let shelf = Shelf { inner_spans: Some(spans.clone()) };
    let port = support::serve(Server::builder().layer(layer), shelf).await;
    let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client = StockClient::new(endpoint.connect_lazy());
    for (sku, code, is_error) in
        [("A-7", "OK", false), ("missing", "NOT_FOUND", false), ("broken", "INTERNAL", true)]
    {
        let before = spans.finished().len();
        let mut levels = client.watch(item(sku)).await.unwrap().into_inner();
        while let Ok(Some(_)) = levels.message().await {}
        // The messages of three levels, and the call's.
        let all = spans.wait_for(before + 4);
        let server = &all[before..].iter().find(|one| one.span.kind == SpanKind::Server).unwrap().span;
        let streamed = if code == "NOT_FOUND" { "OK" } else { code };
        assert_eq!((ending(server).0, ending(server).2), (Some(streamed), is_error), "stream of {sku}");
        let inner = all[before..].iter().filter(|one| one.span.parent_span_id == server.span_id);
        assert_eq!(inner.count(), 3, "the stream runs in the span");

        let before = spans.finished().len();
        let _status = client.check(item(sku)).await;
        let all = spans.wait_for(before + 2);
        let server = &all[before..].iter().find(|one| one.span.kind == SpanKind::Server).unwrap().span;
        assert_eq!((ending(server).0, ending(server).2), (Some(code), is_error), "check of {sku}");
    }
}

/// Requires the same of its service as `tonic_web`.
fn takes_tonics_body<S: Service<Request<Body>, Response = Response<Body>>>(service: S) -> S {
    service
}

#[tokio::test]
async fn a_service_whose_responses_have_tonics_body() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new()
        .with_read_ahead()
        .with_provider(spans.provider())
        .with_filter(|_: &tracing_grpc::RequestHead<'_>| true)
        .with_on_response(
            |_: &tracing_grpc::ResponseHead<'_>, span: &mut tracing_core_lite::Recorder<'_>| {
                span.set("seen", true);
            },
        );
    let mut service = takes_tonics_body(layer.layer(StockServer::new(Shelf::default())));
    let request = Request::post("/shop.v1.Stock/Nothing").body(Body::empty()).unwrap();
    let response = service.call(request).await.unwrap();
    assert!(response.body().is_end_stream());
    let span = spans.one("grpc");
    assert_eq!(span.text("rpc.method_original"), Some("shop.v1.Stock/Nothing"));
    assert!(span.attribute("seen").is_some());
}
