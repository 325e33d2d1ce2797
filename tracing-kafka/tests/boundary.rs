//! Trust boundaries over Kafka: a stranger on a topic changes neither the sampling nor what is sent on, and a secret in
//! baggage reaches no topic outside the list. The formats read and write Kafka's headers.
#![allow(clippy::unwrap_used)]

mod support;

use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Headers, Message};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use support::{LONG, config_of, consumer, headers, named, producer, settings, soon};
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::propagation::boundary::{
    InboundBoundary, InboundPolicy, OutboundBoundary, OutboundPolicy,
};
use tracing_core_lite::sampling::{ParentBased, Ratio};
use tracing_core_lite::testing::TestSpans;
use tracing_kafka::TracedStreamConsumer;

const SECRET: &str = "q7Zk0secretW3x";
const MESSAGES: u128 = 400;

#[tokio::test]
async fn a_stranger_on_a_topic_changes_neither_sampling_nor_what_is_sent_on() {
    let cluster = MockCluster::new(1).unwrap();
    let mut config = config_of(&cluster.bootstrap_servers());
    config.set("linger.ms", "0");
    cluster.create_topic("partner.orders", 1, 1).unwrap();
    cluster.create_topic("orders", 1, 1).unwrap();
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(0.1)))).unwrap();
    let boundary =
        InboundBoundary::new(InboundPolicy::Trusted).with_destination("partner.*", InboundPolicy::Public);
    let list = |count: usize| (0..count).map(|i| format!("key{i}={SECRET}")).collect::<Vec<_>>().join(",");
    let (tracestate, baggage) = (list(32), list(100));
    let foreign: FutureProducer = config.create().unwrap();
    for message in 0..MESSAGES {
        // Ids that every sampler would choose.
        let trace = ((message + 1) << 64) | 0xff_ffff_ffff_ffff;
        let traceparent = format!("00-{trace:032x}-00f067aa0ba902b7-01");
        let headers = headers(&[
            ("traceparent", Some(traceparent.as_bytes())),
            ("tracestate", Some(tracestate.as_bytes())),
            ("baggage", Some(baggage.as_bytes())),
        ]);
        let record = FutureRecord::<(), _>::to("partner.orders").payload("x").headers(headers);
        soon(foreign.send(record, LONG)).await.unwrap();
    }
    let strangers = settings(&spans).with_inbound_boundary(boundary);
    let consumer = consumer(&config, &["partner.orders"], strangers);
    let forwards = producer(&config, settings(&spans));
    let mut sampled = 0;
    for _ in 0..MESSAGES {
        let message = soon(consumer.recv()).await.unwrap();
        assert!(message.origin().span_context().is_none());
        let processing = message.start_processing();
        let context = processing.context().clone();
        sampled += usize::from(context.span().span_context().is_sampled());
        let record = FutureRecord::<(), _>::to("orders").payload("x");
        soon(forwards.send(record, LONG).in_context(context)).await.unwrap();
    }
    // Ten percent, within six standard deviations.
    assert!((4..77).contains(&sampled), "{sampled} of {MESSAGES}");
    for span in named(&spans, "process partner.orders") {
        assert_eq!(span.text("tracing_suite.boundary.policy"), Some("public"));
        assert_eq!(span.links.len(), 1, "a link to what came in");
    }
    let onward = support::consumer(&config, &["orders"], settings(&TestSpans::new()));
    for _ in 0..MESSAGES {
        let message = soon(onward.recv()).await.unwrap();
        for header in message.headers().unwrap().iter() {
            let value = String::from_utf8_lossy(header.value.unwrap()).into_owned();
            assert!(header.key != "baggage" && !value.contains(SECRET), "{}: {value}", header.key);
            assert!(!value.contains("00ffffffffffffff"), "{}: {value}", header.key);
        }
    }
}

#[tokio::test]
async fn a_secret_does_not_reach_a_topic_outside_the_list() {
    let cluster = MockCluster::new(1).unwrap();
    let mut config = config_of(&cluster.bootstrap_servers());
    config.set("linger.ms", "0");
    let topics = ["orders", "partner.orders", "elsewhere"];
    topics.iter().for_each(|topic| cluster.create_topic(topic, 1, 1).unwrap());
    let spans = TestSpans::new();
    let boundary = OutboundBoundary::new(OutboundPolicy::Everything)
        .with_partner("partner.*", "acme", OutboundPolicy::TraceparentOnly)
        .with_only(["orders", "partner.*"]);
    let producer = producer(&config, settings(&spans).with_outbound_boundary(boundary));
    let work = spans.tracer().span("work").start();
    let context = work.in_context(&Context::new().with_baggage([KeyValue::new("key", SECRET)]));
    for topic in topics {
        let stale = [
            ("baggage", Some(SECRET.as_bytes())),
            ("uberctx-key", Some(SECRET.as_bytes())),
            ("X-First-Traceparent", Some(SECRET.as_bytes())),
            ("tenant", Some(b"7".as_slice())),
        ];
        let record = FutureRecord::<(), _>::to(topic).payload("x").headers(headers(&stale[2..]));
        soon(producer.send(record, LONG).in_context(context.clone())).await.unwrap();
        let record = FutureRecord::<(), _>::to(topic).payload("x").headers(headers(&stale));
        soon(producer.send(record, LONG).in_context(context.clone())).await.unwrap();
    }
    let consumer = consumer(&config, &topics, settings(&TestSpans::new()));
    for _ in 0..2 * topics.len() {
        let message = soon(consumer.recv()).await.unwrap();
        let all: Vec<_> = message
            .headers()
            .unwrap()
            .iter()
            .map(|header| {
                (header.key.to_owned(), String::from_utf8_lossy(header.value.unwrap()).into_owned())
            })
            .collect();
        let topic = message.topic();
        let has = |name: &str| all.iter().any(|(key, _)| key == name);
        assert!(has("tenant"));
        assert_eq!(has("traceparent"), topic != "elsewhere", "{topic}: {all:?}");
        assert_eq!(has("baggage"), topic == "orders", "{topic}: {all:?}");
        let has_secret = all.iter().any(|(_, value)| value.contains(SECRET));
        assert!(!has_secret || topic == "orders", "{topic}: {all:?}");
    }
    let partner =
        spans.wait_for(6).into_iter().map(|it| it.span).find(|span| span.name.ends_with("partner.orders"));
    assert_eq!(partner.unwrap().text("service.peer.name"), Some("acme"));
}

#[tokio::test]
async fn every_format_travels_in_kafka_headers() {
    let cluster = MockCluster::new(1).unwrap();
    let mut config = config_of(&cluster.bootstrap_servers());
    config.set("linger.ms", "0");
    cluster.create_topic("formats", 1, 1).unwrap();
    for names in ["b3", "b3multi", "jaeger", "xray", "ottrace", "datadog", "tracecontext,baggage,b3,datadog"]
    {
        let spans = TestSpans::new();
        let propagator = Propagator::from_names(names).unwrap();
        let settings = || settings(&spans).with_propagator(propagator.clone());
        let producer = producer(&config, settings());
        let work = spans.tracer().span("work").start();
        let context = work.in_context(&Context::new().with_baggage([KeyValue::new("key", "a b")]));
        // Stale headers in another spelling, and one that comes twice.
        let stale = headers(&[("b3", Some(b"0")), ("b3", Some(b"0")), ("uberctx-old", Some(b"1"))]);
        let record = FutureRecord::<(), _>::to("formats").payload("x").headers(stale);
        soon(producer.send(record, LONG).in_context(context)).await.unwrap();
        // Without a group, which takes seconds to form.
        let consumer: StreamConsumer = config.create().unwrap();
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset("formats", 0, Offset::Beginning).unwrap();
        consumer.assign(&partitions).unwrap();
        let consumer = TracedStreamConsumer::with_config(consumer, &config, settings());
        let sent = spans.one("send formats");
        loop {
            let message = soon(consumer.recv()).await.unwrap();
            let Some(sender) = message.origin().span_context() else { continue };
            if sender.span_id() != sent.span_id {
                continue;
            }
            let low_half = |id: opentelemetry::TraceId| id.to_string()[16..].to_owned();
            assert_eq!(low_half(sender.trace_id()), low_half(sent.trace_id), "{names}");
            let baggage = message.context().baggage().get("key").map(|value| value.as_str().to_owned());
            let carries = ["jaeger", "ottrace", "baggage"].iter().any(|format| names.contains(format));
            assert_eq!(baggage.as_deref(), carries.then_some("a b"), "{names}");
            break;
        }
    }
}
