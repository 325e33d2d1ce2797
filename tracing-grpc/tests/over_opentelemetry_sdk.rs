//! Without an installed provider, the layers record through the provider of the OpenTelemetry API.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use support::proto::stock_client::StockClient;
use support::{Shelf, item};
use tonic::transport::{Endpoint, Server};
use tower_layer::Layer;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

fn text(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    opentelemetry::global::set_tracer_provider(provider);

    let port = support::serve(Server::builder().layer(ServerLayer::new()), Shelf::default()).await;
    let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client =
        StockClient::new(ClientLayer::new().with_endpoint(&endpoint).layer(endpoint.connect_lazy()));
    client.check(item("absent")).await.unwrap_err();

    let deadline = Instant::now() + Duration::from_secs(10);
    let spans = loop {
        let spans = exporter.get_finished_spans().unwrap();
        if spans.len() == 2 {
            break spans;
        }
        assert!(Instant::now() < deadline, "two spans were awaited: {spans:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let of = |kind| spans.iter().find(|span| span.span_kind == kind).unwrap();
    let (client, server) = (of(SpanKind::Client), of(SpanKind::Server));
    assert_eq!(client.span_context.trace_id(), server.span_context.trace_id());
    assert_eq!(server.parent_span_id, client.span_context.span_id());
    assert_eq!(client.name, "shop.v1.Stock/Check");
    // Renamed at the end, because the method turned out to be unknown.
    assert_eq!(server.name, "grpc");
    assert_eq!(text(server, "rpc.method_original").as_deref(), Some("shop.v1.Stock/Check"));
    for span in [client, server] {
        assert_eq!(text(span, "rpc.response.status_code").as_deref(), Some("UNIMPLEMENTED"));
        assert!(matches!(span.status, Status::Error { .. }));
    }
}
