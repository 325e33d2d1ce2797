//! The durations of commands are measured when that is asked for.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "metrics")]

mod support;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use redis::AsyncCommands;
use support::{connect, key};

#[tokio::test(flavor = "multi_thread")]
async fn durations() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let (_spans, connection) = connect().await;
    let mut connection = connection.with_meter(&provider.meter("test"));
    let key = key("metrics");
    let () = connection.set(&key, "text").await.unwrap();
    let () = connection.set(&key, "text").await.unwrap();
    connection.llen::<_, i64>(&key).await.unwrap_err();
    let () = connection.del(&key).await.unwrap();
    provider.force_flush().unwrap();

    let finished = exporter.get_finished_metrics().unwrap();
    let metric = finished[0].scope_metrics().next().unwrap().metrics().next().unwrap();
    assert_eq!((metric.name(), metric.unit()), ("db.client.operation.duration", "s"));
    let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
        panic!("no histogram")
    };
    let mut points: Vec<_> = histogram
        .data_points()
        .map(|point| {
            let text = |key: &str| {
                let found = point.attributes().find(|attribute| attribute.key.as_str() == key);
                found.map(|attribute| attribute.value.to_string())
            };
            (text("db.operation.name").unwrap(), text("error.type"), point.count())
        })
        .collect();
    points.sort();
    assert_eq!(
        points,
        [
            ("DEL".to_owned(), None, 1),
            ("LLEN".to_owned(), Some("WRONGTYPE".to_owned()), 1),
            ("SET".to_owned(), None, 2),
        ]
    );
    provider.shutdown().unwrap();
}
