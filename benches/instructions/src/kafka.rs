//! Kafka: messages sent to librdkafka's own cluster, and work on a message that was received. Counted is the thread that sends
//! and polls; librdkafka's threads are not.

use std::thread::sleep;
use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryFuture, DeliveryResult, FutureProducer, FutureRecord, Producer,
    ProducerContext,
};
use rdkafka::{ClientConfig, ClientContext, Timestamp};
use tracing_kafka::{
    Settings, TracedBaseConsumer, TracedBaseProducer, TracedDeliveryFuture, TracedFutureProducer,
    TracedProducerContext,
};

use crate::case::{ALL_PARENTS, Case, Parent, Provider, SAMPLED_OR_NOT, Work, drive, provided};

const TOPIC: &str = "orders.created";
const PAYLOAD: &[u8] = &[b'x'; 200];
/// Reports of all messages of a round are there after this time.
const DELIVERY: Duration = Duration::from_millis(300);

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "Kafka, send with BaseProducer", parents: SAMPLED_OR_NOT, make: send_base },
        Case { name: "Kafka, send with FutureProducer", parents: SAMPLED_OR_NOT, make: send_future },
        Case { name: "Kafka, process a message", parents: ALL_PARENTS, make: process },
    ]
}

fn config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", "bench").set("group.id", "bench");
    // A whole round leaves at once, in the rest between rounds.
    config.set("linger.ms", "50").set("enable.auto.commit", "false");
    config
}

/// A cluster that runs until the process ends.
fn cluster() -> String {
    let cluster = MockCluster::new(1).expect("a cluster");
    cluster.create_topic(TOPIC, 1, 1).expect("a topic");
    let brokers = cluster.bootstrap_servers();
    std::mem::forget(cluster);
    brokers
}

fn headers() -> OwnedHeaders {
    OwnedHeaders::new().insert(Header { key: "tenant", value: Some("7") })
}

fn settings(provider: &Provider) -> Settings {
    provided!(Settings::new(), provider)
}

/// Sends a message at each call. The first call of a round also handles the reports of the round before.
fn send_base(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let config = config(&cluster());
    let record = || BaseRecord::to(TOPIC).key("4711").payload(PAYLOAD).headers(headers());
    let call: Box<dyn FnMut()> = match provider {
        None => {
            let producer: BaseProducer<Silent> = config.create_with_context(Silent).expect("a producer");
            let mut sent = 0;
            Box::new(move || {
                if sent % crate::ROUND == 0 {
                    while producer.in_flight_count() > 0 {
                        producer.poll(Duration::ZERO);
                    }
                }
                sent += 1;
                producer.send(record()).map_err(|(error, _)| error).expect("room in the queue");
            })
        }
        Some(provider) => {
            let inner = config.create_with_context(TracedProducerContext::new(Silent)).expect("a producer");
            let producer: TracedBaseProducer<Silent> =
                TracedBaseProducer::with_config(inner, &config, settings(provider));
            let mut sent = 0;
            Box::new(move || {
                if sent % crate::ROUND == 0 {
                    while producer.in_flight_count() > 0 {
                        producer.poll(Duration::ZERO);
                    }
                }
                sent += 1;
                producer.send(record()).map_err(|(error, _)| error).expect("room in the queue");
            })
        }
    };
    Work { call, rest: Box::new(|| sleep(DELIVERY)) }
}

struct Silent;

impl ClientContext for Silent {}

impl ProducerContext for Silent {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// Sends a message at each call. The first call of a round also awaits the results of the round before, which are there.
fn send_future(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let config = config(&cluster());
    let record = || FutureRecord::to(TOPIC).key("4711").payload(PAYLOAD).headers(headers());
    let call: Box<dyn FnMut()> = match provider {
        None => {
            let producer: FutureProducer = config.create().expect("a producer");
            let mut results: Vec<DeliveryFuture> = Vec::with_capacity(crate::ROUND as usize);
            Box::new(move || {
                if results.len() == crate::ROUND as usize {
                    results.drain(..).for_each(|result| {
                        drive(result)
                            .expect("the producer lives")
                            .map_err(|(error, _)| error)
                            .expect("a report");
                    });
                }
                results.push(producer.send_result(record()).map_err(|(error, _)| error).expect("room"));
            })
        }
        Some(provider) => {
            let producer: TracedFutureProducer =
                TracedFutureProducer::create(&config, settings(provider)).expect("a producer");
            let mut results: Vec<TracedDeliveryFuture> = Vec::with_capacity(crate::ROUND as usize);
            Box::new(move || {
                if results.len() == crate::ROUND as usize {
                    results.drain(..).for_each(|result| {
                        drive(result)
                            .expect("the producer lives")
                            .map_err(|(error, _)| error)
                            .expect("a report");
                    });
                }
                results.push(producer.send_result(record()).map_err(|(error, _)| error).expect("room"));
            })
        }
    };
    Work { call, rest: Box::new(|| sleep(DELIVERY)) }
}

/// The span of the work on a received message.
fn process(parent: Parent, provider: Option<&Provider>) -> Work {
    let Some(provider) = provider else { return Work::new(|| {}) };
    let config = config("127.0.0.1:1");
    let consumer: TracedBaseConsumer =
        TracedBaseConsumer::with_config(config.create().expect("a consumer"), &config, settings(provider));
    let headers = match parent.traceparent() {
        Some(traceparent) => headers().insert(Header { key: "traceparent", value: Some(traceparent) }),
        None => headers(),
    };
    let (key, payload) = (Some(b"4711".to_vec()), Some(PAYLOAD.to_vec()));
    let message = OwnedMessage::new(payload, key, TOPIC.to_owned(), Timestamp::now(), 0, 17, Some(headers));
    let mut message = Some(message);
    Work::new(move || {
        let received = consumer.received(message.take().expect("it was put back"));
        received.start_processing().end();
        message = Some(received.into_message());
    })
}
