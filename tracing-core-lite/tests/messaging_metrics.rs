//! The metrics of queue clients count all operations, whether or not their spans are recorded.
#![cfg(all(feature = "testing", feature = "messaging-metrics"))]
#![allow(clippy::unwrap_used)]

use std::io;

use opentelemetry::Context;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use tracing_core_lite::InstrumentationScope;
use tracing_core_lite::messaging::{
    Client, Destination, MessagingOperation, OperationType, Origin, Peer, Settings,
};
use tracing_core_lite::testing::TestSpans;

const QUEUE: &str = "orders";

/// Returns how much `work` adds to the counter or histogram `metric`.
fn measured(metric: &str, work: impl FnOnce(&Client)) -> u64 {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone()).build();
    let spans = TestSpans::new();
    let settings = Settings::new().with_provider(spans.provider()).with_meter(&provider.meter("test"));
    let scope = InstrumentationScope::builder("test").build();
    work(&Client::new("rabbitmq", scope, settings, Peer::new()));
    provider.force_flush().unwrap();
    let finished = exporter.get_finished_metrics().unwrap();
    provider.shutdown().unwrap();
    let metrics = finished.last().unwrap().scope_metrics().flat_map(|scope| scope.metrics());
    let found = metrics.filter(|found| found.name() == metric).map(|found| match found.data() {
        AggregatedMetrics::F64(MetricData::Histogram(it)) => {
            it.data_points().map(|it| it.count()).sum::<u64>()
        }
        AggregatedMetrics::U64(MetricData::Sum(it)) => it.data_points().map(|it| it.value()).sum(),
        other => panic!("{other:?}"),
    });
    found.sum()
}

fn operation(kind: OperationType) -> MessagingOperation<'static> {
    MessagingOperation::new(kind, Destination::new(QUEUE))
}

#[test]
fn a_batch_is_measured_once_however_many_items_have_spans() {
    for item_ratio in [0.0, 1.0] {
        let count = measured("messaging.process.duration", |client| {
            let batch = client
                .batch(&operation(OperationType::Process), |_| {})
                .with_item_ratio(item_ratio)
                .with_small_batch(0);
            for _ in 0..3 {
                batch.item(&Origin::default()).processed();
                batch.item(&Origin::default()).failed(&io::Error::other("no paper"));
            }
            batch.end();
        });
        assert_eq!(count, 1, "{item_ratio}");
    }
}

#[test]
fn messages_that_were_not_received_are_not_counted() {
    for (name, received, expected) in [("given up", None, 0), ("empty", Some(0), 0), ("one", Some(1), 1)] {
        let count = measured("messaging.client.consumed.messages", |client| {
            let mut receiving = client.start(&operation(OperationType::Receive), &Context::new(), |_| {});
            if let Some(received) = received {
                receiving.message_count(received);
            }
        });
        assert_eq!(count, expected, "{name}");
    }
    let sent = measured("messaging.client.sent.messages", |client| {
        client.start(&operation(OperationType::Send), &Context::new(), |_| {}).end();
    });
    assert_eq!(sent, 1);
}
