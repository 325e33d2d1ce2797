//! The durations of calls are measured if the settings enable it.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "metrics")]

mod support;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use support::{Shop, item};

/// Returns each point of the histogram `name`: its attributes as sorted text, and the number of calls.
fn points(exporter: &InMemoryMetricExporter, name: &str) -> Vec<(String, u64)> {
    let mut points = Vec::new();
    let finished = exporter.get_finished_metrics().unwrap();
    let metrics =
        finished.iter().flat_map(|resource| resource.scope_metrics()).flat_map(|scope| scope.metrics());
    for metric in metrics.filter(|metric| metric.name() == name) {
        assert_eq!(metric.unit(), "s");
        let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
            panic!("no histogram")
        };
        points.extend(histogram.data_points().map(|point| {
            let mut attributes: Vec<String> = point
                .attributes()
                .filter(|attribute| attribute.key.as_str() != "server.port")
                .map(|attribute| format!("{}={}", attribute.key, attribute.value))
                .collect();
            attributes.sort();
            (attributes.join(" "), point.count())
        }));
    }
    points.sort();
    points
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides() {
    let exporter = InMemoryMetricExporter::default();
    let provider =
        SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    let meter = provider.meter("test");
    let mut shop = Shop::with(|layer| layer.with_meter(&meter), |layer| layer.with_meter(&meter)).await;
    shop.client.check(item("A-7")).await.unwrap();
    shop.client.check(item("A-7")).await.unwrap();
    shop.client.check(item("broken")).await.unwrap_err();
    shop.client.check(item("retired")).await.unwrap_err();
    shop.client.check(item("absent")).await.unwrap_err();
    let _all = shop.spans.wait_for(10);
    provider.force_flush().unwrap();
    let expected = |method: &str, rest: &str, end: &str, count: u64| {
        (format!("{rest}rpc.method={method} rpc.response.status_code={end} rpc.system.name=grpc"), count)
    };
    let check = "shop.v1.Stock/Check";
    assert_eq!(
        points(&exporter, "rpc.server.call.duration"),
        [
            expected(check, "error.type=INTERNAL ", "INTERNAL", 1),
            expected("_OTHER", "error.type=UNIMPLEMENTED ", "UNIMPLEMENTED", 1),
            expected(check, "error.type=UNIMPLEMENTED ", "UNIMPLEMENTED", 1),
            expected(check, "", "OK", 2),
        ]
    );
    let client = points(&exporter, "rpc.client.call.duration");
    assert_eq!(client.len(), 3);
    assert!(
        client.iter().all(|(attributes, _)| attributes.contains(check)),
        "generated code knows the method"
    );
    assert!(client.iter().all(|(attributes, _)| attributes.contains("server.address=127.0.0.1")));
    provider.shutdown().unwrap();
}
