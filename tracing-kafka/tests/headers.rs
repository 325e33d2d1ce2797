//! User headers arrive as sent, with the context exactly once. Headers of untrusted peers do no harm.
#![allow(clippy::unwrap_used)]

mod support;

use opentelemetry::Context;
use opentelemetry::trace::SpanId;
use rdkafka::message::{Headers, Message, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{FutureProducer, FutureRecord};
use support::{
    LONG, config, consumer, headers, named, producer, settings, soon, topic, unique, user_headers,
};
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::testing::TestSpans;

const STALE: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

type Pairs<'a> = &'a [(&'a str, Option<&'a [u8]>)];

/// Creates headers with a name that is not UTF-8, as a client in another language may send them. rdkafka's own
/// constructor takes names as `&str`, so the name is added through librdkafka.
#[allow(unsafe_code, reason = "rdkafka does not make such headers")]
fn with_name_of_other_bytes(headers: OwnedHeaders, name: &[u8], value: &[u8]) -> OwnedHeaders {
    use rdkafka::bindings::{rd_kafka_header_add, rd_kafka_headers_t, rd_kafka_resp_err_t};
    let native = std::ptr::from_ref(headers.as_borrowed()).cast::<rd_kafka_headers_t>().cast_mut();
    // SAFETY: the headers are owned here; librdkafka copies name and value.
    let code = unsafe {
        rd_kafka_header_add(
            native,
            name.as_ptr().cast(),
            isize::try_from(name.len()).unwrap(),
            value.as_ptr().cast(),
            isize::try_from(value.len()).unwrap(),
        )
    };
    assert_eq!(code, rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
    headers
}

#[tokio::test]
async fn user_headers_are_kept_and_stale_context_is_replaced() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "headers", 1).await;
    let sent: Pairs<'_> = &[
        ("tenant", Some(b"7")),
        ("traceparent", Some(STALE)),
        ("null", None),
        ("tenant", Some(b"8")),
        ("bytes", Some(b"\xff\xfe\x00")),
        ("tracestate", Some(b"old=1")),
        ("traceparent", Some(STALE)),
        ("empty", Some(b"")),
        ("baggage", Some(b"old=1")),
    ];
    let producer = producer(&config, settings(&spans));
    let record = FutureRecord::<(), _>::to(&topic).payload("x").headers(headers(sent));
    soon(producer.send(record, LONG)).await.unwrap();

    let consumer = consumer(&config, &[&topic], settings(&spans));
    let message = soon(consumer.recv()).await.unwrap();
    let expected: Vec<_> = sent
        .iter()
        .filter(|(key, _)| !["traceparent", "tracestate", "baggage"].contains(key))
        .map(|&(key, value)| (key.to_owned(), value.map(<[u8]>::to_vec)))
        .collect();
    assert_eq!(user_headers(message.headers()), expected);
    let context: Vec<_> =
        message.headers().unwrap().iter().filter(|header| header.key.starts_with("trace")).collect();
    assert_eq!(context.len(), 1, "{context:?}");
    assert!(message.headers().unwrap().iter().all(|header| header.key != "baggage"));
    let span = spans.one(&format!("send {topic}"));
    assert_eq!(message.origin().span_context().unwrap().span_id(), span.span_id);
    assert_eq!(span.parent_span_id, SpanId::INVALID, "headers of an earlier message are no parent");
}

#[tokio::test]
async fn a_message_without_context_starts_a_trace() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "strangers", 1).await;
    let stranger: FutureProducer = config.create().unwrap();
    let cases: &[(&str, Pairs<'_>)] = &[
        ("no headers", &[]),
        ("others", &[("tenant", Some(b"7"))]),
        ("not UTF-8", &[("traceparent", Some(b"\xff\xfe"))]),
        ("null", &[("traceparent", None), ("tracestate", None), ("baggage", None), ("x-attempt", None)]),
        ("malformed", &[("traceparent", Some(b"00-0-0-0")), ("x-attempt", Some(b"many"))]),
    ];
    for &(_, of) in cases {
        let mut record = FutureRecord::<(), _>::to(&topic).payload("x");
        if !of.is_empty() {
            record = record.headers(headers(of));
        }
        soon(stranger.send(record, LONG)).await.unwrap();
    }
    let consumer = consumer(&config, &[&topic], settings(&spans));
    for &(name, _) in cases {
        let message = soon(consumer.recv()).await.unwrap();
        assert!(message.origin().span_context().is_none(), "{name}");
        message.start_processing().end();
    }
    let processed = named(&spans, &format!("process {topic}"));
    assert_eq!(processed.len(), cases.len());
    assert!(processed.iter().all(|span| span.links.is_empty() && span.parent_span_id == SpanId::INVALID));
}

#[tokio::test]
async fn a_header_name_that_is_not_utf_8_does_not_hide_the_context() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "names", 1).await;
    let producer = producer(&config, settings(&spans));
    let strange = with_name_of_other_bytes(headers(&[("tenant", Some(b"7"))]), b"\xff\xfename", b"\xff");
    let record = FutureRecord::<(), _>::to(&topic).payload("x").headers(strange);
    soon(producer.send(record, LONG)).await.unwrap();

    let consumer = consumer(&config, &[&topic], settings(&spans));
    let message = soon(consumer.recv()).await.unwrap();
    let sent = spans.one(&format!("send {topic}"));
    assert_eq!(message.origin().span_context().unwrap().span_id(), sent.span_id);
    assert_eq!((message.header("tenant"), message.header("absent")), (Some(&b"7"[..]), None));
    message.start_processing().end();
    assert_eq!(
        message.retry_headers().count(),
        message.headers().unwrap().count() + 2,
        "a retry keeps what it cannot read"
    );
    assert_eq!(message.detach().origin().span_context().unwrap().span_id(), sent.span_id);
}

/// Runs on librdkafka's mock cluster, because brokers refuse such a message by default. That cluster keeps 5 MB of a
/// partition.
#[tokio::test]
async fn ten_megabytes_of_headers() {
    let spans = TestSpans::new();
    let cluster = MockCluster::new(1).unwrap();
    let mut config = support::config_of(&cluster.bootstrap_servers());
    config.set("message.max.bytes", "30000000").set("fetch.message.max.bytes", "30000000");
    let large = vec![b'x'; 10_000_000];
    // librdkafka reads at most 100,000 headers.
    let many = || {
        (0..90_000).fold(OwnedHeaders::new(), |all, _| {
            all.insert(rdkafka::message::Header {
                key: "tracing-header-of-a-stranger",
                value: Some("v".repeat(90).as_str()),
            })
        })
    };
    for (name, of) in [
        ("one header", headers(&[("large", Some(&large))])),
        ("traceparent", headers(&[("traceparent", Some(&large)), ("baggage", Some(&large))])),
        ("many headers", many()),
    ] {
        let [topic, retry] = ["large", "retry"].map(unique);
        cluster.create_topic(&topic, 1, 1).unwrap();
        cluster.create_topic(&retry, 1, 1).unwrap();
        config.set("group.id", unique("large"));
        let stranger: FutureProducer = config.create().unwrap();
        let count = of.count();
        soon(stranger.send(FutureRecord::<(), _>::to(&topic).payload("x").headers(of), LONG)).await.unwrap();
        let consumer = consumer(&config, &[&topic, &retry], settings(&spans));
        let message = soon(consumer.recv()).await.unwrap();
        assert_eq!(message.headers().unwrap().count(), count, "{name}");
        assert!(message.origin().span_context().is_none(), "{name}");
        message.start_processing().end();
        let again = producer(&config, settings(&spans));
        let record = FutureRecord::<(), _>::to(&retry).payload("x").headers(message.retry_headers());
        soon(again.send(record, LONG)).await.unwrap();
        let second = soon(consumer.recv()).await.unwrap();
        assert_eq!(second.origin().attempt().number(), 2, "{name}");
        assert!(second.origin().span_context().is_some(), "{name}");
    }
}

#[tokio::test]
async fn tombstones() {
    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "tombstones", 1).await;
    let settings = || settings(&spans).with_body_sizes(true);
    let producer = producer(&config, settings());
    soon(producer.send(FutureRecord::<_, ()>::to(&topic).key("4711"), LONG)).await.unwrap();
    soon(producer.send(FutureRecord::to(&topic).key("4711").payload(""), LONG)).await.unwrap();

    let consumer = consumer(&config, &[&topic], settings());
    for payload in [None, Some(&b""[..])] {
        let message = soon(consumer.recv()).await.unwrap();
        assert_eq!(message.payload(), payload);
        message.start_processing().end();
    }
    for name in ["send", "process"] {
        let [tombstone, empty] = named(&spans, &format!("{name} {topic}")).try_into().unwrap();
        assert_eq!(
            tombstone.attribute("messaging.kafka.message.tombstone"),
            Some(&AnyValue::Bool(true)),
            "{name}"
        );
        assert_eq!(empty.attribute("messaging.kafka.message.tombstone"), None, "{name}");
        for span in [tombstone, empty] {
            assert_eq!(span.int("messaging.message.body.size"), Some(0), "{name}");
        }
    }
}

#[tokio::test]
async fn keys_and_baggage_as_the_settings_say() {
    use opentelemetry::KeyValue;
    use opentelemetry::baggage::BaggageExt;
    use tracing_core_lite::context::FutureExt;

    let spans = TestSpans::new();
    let config = config();
    let topic = topic(&config, "settings", 1).await;
    let producer = producer(&config, settings(&spans).with_message_keys(false).with_baggage_keys(["tenant"]));
    let context = Context::new().with_baggage([KeyValue::new("tenant", "7"), KeyValue::new("secret", "x")]);
    let record = FutureRecord::to(&topic).key("a secret key").payload("x");
    soon(producer.send(record, LONG).in_context(context)).await.unwrap();

    let consumer = consumer(&config, &[&topic], settings(&spans));
    let message = soon(consumer.recv()).await.unwrap();
    let received = message.context();
    assert_eq!(received.baggage().get("tenant").map(ToString::to_string), Some("7".to_owned()));
    assert!(received.baggage().get("secret").is_none());
    assert_eq!(spans.one(&format!("send {topic}")).text("messaging.kafka.message.key"), None);
}
