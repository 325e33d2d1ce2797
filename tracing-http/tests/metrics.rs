//! Requests, including cancelled ones, are counted and timed exactly.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response};
use http_body_util::BodyExt;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, HistogramDataPoint, MetricData, SumDataPoint};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use support::{open, send, serve, wait_for};
use tower::{Layer, ServiceExt};
use tracing_core_lite::testing::TestSpans;
use tracing_http::RequestHead;
use tracing_http::server::{Route, ServerLayer};

struct Meters {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Meters {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader =
            PeriodicReader::builder(exporter.clone()).with_interval(Duration::from_secs(3600)).build();
        Self { provider: SdkMeterProvider::builder().with_reader(reader).build(), exporter }
    }

    /// Returns the instruments as sorted text: name, attributes, and the value or the count.
    fn read(&self) -> Vec<String> {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let mut lines = Vec::new();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
                let name = metric.name();
                match metric.data() {
                    AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                        assert_eq!(metric.unit(), "s");
                        lines.extend(histogram.data_points().map(|point| timed(name, point)));
                    }
                    AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                        assert_eq!(metric.unit(), "{request}");
                        lines.extend(sum.data_points().map(|point| active(name, point)));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        lines.sort();
        lines
    }
}

fn timed(name: &str, point: &HistogramDataPoint<f64>) -> String {
    let bounds: Vec<f64> = point.bounds().collect();
    assert_eq!(bounds, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]);
    format!("{name} {} {}", list(point.attributes()), point.count())
}

fn active(name: &str, point: &SumDataPoint<i64>) -> String {
    format!("{name} {} {}", list(point.attributes()), point.value())
}

fn list<'a>(attributes: impl Iterator<Item = &'a opentelemetry::KeyValue>) -> String {
    let mut list: Vec<String> =
        attributes.map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect();
    list.sort();
    list.join(",")
}

const ACTIVE: &str = "http.server.active_requests http.request.method=GET,url.scheme=http";
const DURATION: &str = "http.server.request.duration";

#[tokio::test]
async fn exact() {
    let (spans, meters) = (TestSpans::new(), Meters::new());
    let entered = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&entered);
    let slow = move || {
        let notify = Arc::clone(&notify);
        async move {
            notify.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_meter(&meters.provider.meter("test"))
        .with_filter(|request: &RequestHead<'_>| request.uri().path() != "/health");
    let app = Router::new()
        .route("/orders/{id}", get(|| async { "an order" }))
        .route("/broken", get(|| async { http::StatusCode::BAD_GATEWAY }))
        .route("/health", get(|| async {}))
        .route("/slow", get(slow))
        .layer(layer);
    let address = serve(app).await;
    for path in ["/orders/1", "/orders/2", "/broken", "/nowhere", "/health"] {
        send(address, &format!("GET {path} HTTP/1.1\r\nHost: x")).await;
    }
    let stream = open(address, b"GET /slow HTTP/1.1\r\nHost: x").await;
    entered.notified().await;
    wait_for(&spans, 4).await;
    assert_eq!(meters.read()[0], format!("{ACTIVE} 1"));
    drop(stream);
    wait_for(&spans, 5).await;

    let common = "http.request.method=GET";
    let end = "network.protocol.version=1.1,url.scheme=http";
    assert_eq!(
        meters.read(),
        [
            format!("{ACTIVE} 0"),
            format!(
                "{DURATION} error.type=502,{common},http.response.status_code=502,http.route=/broken,{end} 1"
            ),
            format!("{DURATION} {common},http.response.status_code=200,http.route=/orders/{{id}},{end} 2"),
            format!("{DURATION} {common},http.response.status_code=404,{end} 1"),
            format!("{DURATION} {common},http.route=/slow,{end} 1"),
        ]
    );
}

/// Unsampled requests are measured too. Dropping a body ends the measurement.
#[tokio::test]
async fn unsampled_and_unfinished() {
    let (spans, meters) = (TestSpans::new(), Meters::new());
    let layer = ServerLayer::new().with_provider(spans.provider()).with_meter(&meters.provider.meter("test"));
    let inner = tower::service_fn(|_: Request<Body>| async {
        let mut response = Response::new(Body::from("never read"));
        response.extensions_mut().insert(Route::from("/late"));
        Ok::<_, std::convert::Infallible>(response)
    });
    let service = layer.layer(inner);
    let request = || Request::get("/").header("traceparent", support::UNSAMPLED).body(Body::empty()).unwrap();
    drop(service.clone().oneshot(request()).await.unwrap());
    service.oneshot(request()).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(spans.finished().len(), 0);
    let rest = "http.request.method=GET,http.response.status_code=200,http.route=/late,network.protocol.version=1.1,\
                url.scheme=http";
    assert_eq!(meters.read(), [format!("{ACTIVE} 0"), format!("{DURATION} {rest} 2"),]);
}
