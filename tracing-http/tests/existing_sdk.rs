//! Without an installed provider, the layers record into the opentelemetry_sdk of the program.
#![allow(clippy::unwrap_used)]

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tower::{Layer, ServiceExt};
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

#[tokio::test]
async fn layers_record_into_it() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    opentelemetry::global::set_tracer_provider(provider);

    let handler = || async { http::StatusCode::SERVICE_UNAVAILABLE };
    let server = Router::new().route("/orders/{id}", get(handler)).layer(ServerLayer::new());
    let client = ClientLayer::new().layer(server);
    let request = Request::get("http://x/orders/1").body(Body::empty()).unwrap();
    client.oneshot(request).await.unwrap().into_body().collect().await.unwrap();

    let spans = exporter.get_finished_spans().unwrap();
    let of = |kind| spans.iter().find(|span| span.span_kind == kind).unwrap();
    let (server, client) = (of(SpanKind::Server), of(SpanKind::Client));
    assert_eq!(server.name, "GET /orders/{id}");
    assert_eq!(server.parent_span_id, client.span_context.span_id());
    for span in [server, client] {
        assert_eq!(span.status, Status::error(""));
        let has = |key: &str, value: &str| {
            span.attributes
                .iter()
                .any(|attribute| attribute.key.as_str() == key && attribute.value.as_str() == value)
        };
        assert!(has("error.type", "503") && has("http.request.method", "GET"), "{span:?}");
    }
}
