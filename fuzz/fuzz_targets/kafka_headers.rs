//! Headers of Kafka messages: messages are processed, and sent on to a retry topic with the other headers unchanged.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Input, provider, recorded};
use libfuzzer_sys::fuzz_target;
use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::{Header, Headers, OwnedHeaders, OwnedMessage, Timestamp};
use tracing_core_lite::propagation::Propagator;
use tracing_kafka::{Settings, TracedBaseConsumer};

/// A client that never connects: nothing is subscribed to.
static CONSUMER: LazyLock<TracedBaseConsumer> = LazyLock::new(|| {
    let client: BaseConsumer = ClientConfig::new().set("group.id", "fuzz").create().expect("a client");
    let settings = Settings::new().with_provider(provider()).with_propagator(FORMATS.clone()).with_body_sizes(true);
    TracedBaseConsumer::with_settings(client, settings)
});
static FORMATS: LazyLock<Propagator> = LazyLock::new(|| {
    let names = "tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog";
    Propagator::from_names(names).expect("known names")
});

const NAMES: [&str; 10] = [
    "traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "uberctx-a", "x-datadog-trace-id", "x-attempt",
    "x-first-traceparent", "TraceParent",
];

fn others(headers: &OwnedHeaders) -> Vec<(String, Option<Vec<u8>>)> {
    let is_other = |key: &str| key.starts_with("other-");
    let all = headers.iter().filter(|header| is_other(header.key));
    all.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let mut headers = OwnedHeaders::new();
    for _ in 0..input.below(24) {
        let key = match input.byte() {
            index if usize::from(index) < NAMES.len() => NAMES[usize::from(index)].to_owned(),
            128.. => format!("other-{}", input.text().replace('\0', "")),
            _ => input.text().replace('\0', ""),
        };
        let value = (input.byte() % 8 != 0).then(|| input.bytes());
        headers = headers.insert(Header { key: &key, value });
    }
    let before = others(&headers);
    let key = (input.byte() % 2 == 0).then(|| input.bytes().to_vec());
    let timestamp = match input.byte() % 3 {
        0 => Timestamp::NotAvailable,
        1 => Timestamp::CreateTime(input.number() as i64),
        _ => Timestamp::LogAppendTime(input.number() as i64),
    };
    let (partition, offset) = (input.number() as i32, input.number() as i64);
    let payload = (input.byte() % 2 == 0).then(|| input.rest().to_vec());
    let message = OwnedMessage::new(payload, key, "orders".to_owned(), timestamp, partition, offset, Some(headers));
    let spans = recorded(|_| {
        let received = CONSUMER.received(message);
        received.start_processing().end();
        assert_eq!(others(&received.retry_headers()), before);
    });
    assert_eq!(spans.len(), 1);
});
