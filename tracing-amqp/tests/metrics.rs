//! With metrics enabled, publishes, deliveries and the work on them are measured.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "metrics")]

mod support;

use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicPublishOptions};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use support::{Rabbit, next, unique, within};
use tracing_amqp::{RpcClient, Settings};

/// Name of the metric, `messaging.operation.name`, `error.type`, count.
type Point = (String, String, Option<String>, u64);

fn point<'a>(name: &str, attributes: impl Iterator<Item = &'a KeyValue>, count: u64) -> Point {
    let attributes: Vec<_> = attributes.collect();
    let text = |key: &str| {
        attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|it| it.value.to_string())
    };
    assert_eq!(text("messaging.system").as_deref(), Some("rabbitmq"));
    // The destination of replies has a different name for each client.
    let is_reply = text("messaging.operation.name").as_deref() == Some("receive");
    assert!(text("messaging.destination.name").is_some() != is_reply && text("server.port").is_some());
    (name.to_owned(), text("messaging.operation.name").unwrap(), text("error.type"), count)
}

fn points(exporter: &InMemoryMetricExporter) -> Vec<Point> {
    let finished = exporter.get_finished_metrics().unwrap();
    let mut points = Vec::new();
    for metric in finished.last().unwrap().scope_metrics().flat_map(|scope| scope.metrics()) {
        let name = metric.name();
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                points.extend(histogram.data_points().map(|it| point(name, it.attributes(), it.count())));
            }
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                points.extend(sum.data_points().map(|it| point(name, it.attributes(), it.value())));
            }
            other => panic!("{other:?}"),
        }
    }
    points.sort();
    points
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_measured() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let settings = Settings::new().with_settle_spans(true).with_meter(&provider.meter("test"));
    let rabbit = Rabbit::with(settings).await;
    let [queue, other] = [rabbit.queue("metrics").await, rabbit.queue("other").await];
    let mut consumer = rabbit.consume(&queue).await;
    for _ in 0..2 {
        rabbit.publish(&queue, b"", BasicProperties::default()).await;
    }
    rabbit.publish(&other, b"", BasicProperties::default()).await;
    let mandatory = BasicPublishOptions { mandatory: true, ..Default::default() };
    rabbit.publish_to("", &unique("nowhere"), mandatory, BasicProperties::default()).await.unwrap();
    let worked = next(&mut consumer).await.start_processing();
    within(worked.ack(BasicAckOptions::default())).await.unwrap();
    next(&mut consumer)
        .await
        .start_processing()
        .record_error_as("no_paper", &std::io::Error::other("no paper"));
    for _ in 0..2 {
        let get = rabbit.channel.basic_get(other.as_str().into(), BasicGetOptions { no_ack: true });
        drop(within(get).await.unwrap());
    }
    provider.force_flush().unwrap();

    let expected = [
        ("messaging.client.consumed.messages", "deliver", None, 2),
        ("messaging.client.consumed.messages", "get", None, 1),
        ("messaging.client.operation.duration", "ack", None, 1),
        ("messaging.client.operation.duration", "get", None, 2),
        ("messaging.client.operation.duration", "publish", None, 1),
        ("messaging.client.operation.duration", "publish", None, 2),
        ("messaging.client.operation.duration", "publish", Some("NO_ROUTE"), 1),
        ("messaging.client.sent.messages", "publish", None, 1),
        ("messaging.client.sent.messages", "publish", None, 2),
        ("messaging.client.sent.messages", "publish", Some("NO_ROUTE"), 1),
        ("messaging.process.duration", "process", None, 1),
        ("messaging.process.duration", "process", Some("no_paper"), 1),
    ];
    let expected = expected.map(|(name, operation, error, count)| {
        (name.to_owned(), operation.to_owned(), error.map(str::to_owned), count)
    });
    assert_eq!(points(&exporter), expected);
    provider.shutdown().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_consumes_no_message() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let rabbit = Rabbit::with(Settings::new().with_meter(&provider.meter("test"))).await;
    let client = RpcClient::new(rabbit.channel.clone()).await.unwrap();
    let silent = rabbit.queue("silent").await;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let call = client.call("".into(), silent.as_str().into(), options, b"", properties);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    provider.force_flush().unwrap();

    let received: Vec<_> = points(&exporter).into_iter().filter(|point| point.1 == "receive").collect();
    let cancelled = Some("cancelled".to_owned());
    let expected = [("messaging.client.consumed.messages", 0), ("messaging.client.operation.duration", 1)]
        .map(|(name, count)| (name.to_owned(), "receive".to_owned(), cancelled.clone(), count));
    assert_eq!(received, expected);
    provider.shutdown().unwrap();
}
