//! With metrics enabled, messages and durations are measured.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "metrics")]

mod support;

use std::collections::BTreeMap;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use rdkafka::producer::FutureRecord;
use support::{LONG, config, consumer, producer, settings, soon, topic};
use tracing_core_lite::testing::TestSpans;

/// The number of measurements by metric, operation and error.
type Counts = BTreeMap<(String, String, Option<String>), u64>;

fn counts(of: &ResourceMetrics, topic: &str) -> Counts {
    let mut counts = Counts::new();
    for metric in of.scope_metrics().flat_map(|scope| scope.metrics()) {
        let mut add = |attributes: Vec<opentelemetry::KeyValue>, count: u64| {
            let text = |key: &str| {
                let found = attributes.iter().find(|attribute| attribute.key.as_str() == key);
                found.map(|attribute| attribute.value.to_string())
            };
            assert_eq!(text("messaging.system").as_deref(), Some("kafka"));
            assert_eq!(text("messaging.destination.name").as_deref(), Some(topic));
            let key =
                (metric.name().to_owned(), text("messaging.operation.name").unwrap(), text("error.type"));
            *counts.entry(key).or_default() += count;
        };
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                assert_eq!(metric.unit(), "s");
                histogram
                    .data_points()
                    .for_each(|point| add(point.attributes().cloned().collect(), point.count()));
            }
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                assert_eq!(metric.unit(), "{message}");
                sum.data_points().for_each(|point| add(point.attributes().cloned().collect(), point.value()));
            }
            other => panic!("{other:?}"),
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_consumed_and_processed() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let spans = TestSpans::new();
    let mut config = config();
    config.set("message.max.bytes", "2000");
    let topic = topic(&config, "metrics", 1).await;
    let settings = settings(&spans).with_meter(&provider.meter("test"));
    let producer = producer(&config, settings.clone());
    for _ in 0..2 {
        soon(producer.send(FutureRecord::<(), _>::to(&topic).payload("x"), LONG)).await.unwrap();
    }
    let large = vec![0; 3000];
    soon(producer.send(FutureRecord::<(), _>::to(&topic).payload(&large), LONG)).await.unwrap_err();
    let consumer = consumer(&config, &[&topic], settings);
    soon(consumer.recv()).await.unwrap().start_processing().end();
    soon(consumer.recv())
        .await
        .unwrap()
        .start_processing()
        .record_error_as("out_of_stock", &std::io::Error::other("nothing left"));
    provider.force_flush().unwrap();

    let finished = exporter.get_finished_metrics().unwrap();
    let expected = [
        ("messaging.client.consumed.messages", "poll", None, 2),
        ("messaging.client.operation.duration", "send", None, 2),
        ("messaging.client.operation.duration", "send", Some("MessageSizeTooLarge"), 1),
        ("messaging.client.sent.messages", "send", None, 2),
        ("messaging.client.sent.messages", "send", Some("MessageSizeTooLarge"), 1),
        ("messaging.process.duration", "process", None, 1),
        ("messaging.process.duration", "process", Some("out_of_stock"), 1),
    ]
    .map(|(metric, operation, error, count)| {
        ((metric.to_owned(), operation.to_owned(), error.map(str::to_owned)), count)
    });
    assert_eq!(counts(finished.last().unwrap(), &topic), Counts::from(expected));
    provider.shutdown().unwrap();
}
