//! The memory of a batch does not grow with its items beyond the links.
#![allow(clippy::unwrap_used)]

use rdkafka::ClientConfig;
use rdkafka::Timestamp;
use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::testing::{Allocations, CountingAllocator};
use tracing_kafka::{Settings, TracedBaseConsumer};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const FIRST: usize = 1_000;
const ALL: usize = 100_000;

#[test]
fn a_hundred_thousand_items() {
    let provider = TracerProvider::builder().with_exporter(Discard).build().unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "127.0.0.1:1").set("group.id", "memory");
    let settings = Settings::new().with_provider(&provider);
    let consumer: TracedBaseConsumer =
        TracedBaseConsumer::with_config(config.create().unwrap(), &config, settings);
    // Items without spans: spans go to the exporter as they end.
    let mut batch = consumer.start_batch("reconciliation").with_item_ratio(0.0).with_small_batch(0);
    let mut after_first = None;
    for number in 0..ALL {
        if number == FIRST {
            after_first = Some(Allocations::of_this_thread().held());
        }
        let traceparent = format!("00-{:032x}-{:016x}-01", number + 1, number + 1);
        let headers = OwnedHeaders::new().insert(Header { key: "traceparent", value: Some(&traceparent) });
        let topic = "reconciliation".to_owned();
        let message =
            OwnedMessage::new(Some(vec![0; 100]), None, topic, Timestamp::NotAvailable, 0, 0, Some(headers));
        let message = consumer.received(message);
        message.add_to(&mut batch);
        message.item(&batch).processed();
    }
    assert_eq!(Allocations::of_this_thread().held(), after_first.unwrap());
    batch.end();
}
