//! The cost that the wrappers add to a message: beside the bare clients, on librdkafka's own cluster, and in isolation.
//!
//! Times are CPU times of the calling thread, because the cluster's threads disturb wall-clock times. A sent message is measured
//! until its delivery report is handled, a received one until its work ends.

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message, OwnedHeaders, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};
use rdkafka::{ClientConfig, Offset, Timestamp, TopicPartitionList};
use rustix::time::{ClockId, clock_gettime};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::sampling::{AlwaysOff, ParentBased};
use tracing_kafka::{Settings, TracedBaseConsumer, TracedBaseProducer, TracedProducerContext};

const TOPIC: &str = "orders.created";
const PAYLOAD: &[u8] = &[b'x'; 200];
/// The number of messages per iteration, except for `own work`: all are sent before their reports are awaited, or read.
const ROUND: u64 = 1000;
const LONG: Duration = Duration::from_secs(30);
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn on_processor() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

fn settings(is_sampled: bool) -> Settings {
    let builder = TracerProvider::builder().with_exporter(Discard);
    let builder = if is_sampled { builder } else { builder.with_sampler(ParentBased::new(AlwaysOff)) };
    Settings::new().with_provider(&builder.build().expect("a thread"))
}

fn config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", "bench").set("group.id", "bench");
    config.set("queue.buffering.max.messages", "1000000").set("enable.auto.commit", "false");
    config
}

fn record<'a>() -> BaseRecord<'a, str, [u8]> {
    let headers = OwnedHeaders::new().insert(Header { key: "tenant", value: Some("7") });
    BaseRecord::to(TOPIC).key("4711").payload(PAYLOAD).headers(headers)
}

/// Sends in rounds, and waits for the reports of each round.
fn bench_send(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    send: impl Fn(BaseRecord<'_, str, [u8]>) -> bool,
    flush: impl Fn(),
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let start = on_processor();
            for _ in 0..rounds {
                for _ in 0..ROUND {
                    assert!(send(record()));
                }
                flush();
            }
            on_processor() - start
        });
    });
}

fn send(criterion: &mut Criterion) {
    let cluster = MockCluster::new(1).expect("a cluster");
    cluster.create_topic(TOPIC, 1, 1).expect("a topic");
    let config = config(&cluster.bootstrap_servers());
    let bare: BaseProducer = config.create().expect("a producer");
    let mut group = criterion.benchmark_group("send");
    group.sample_size(20).throughput(Throughput::Elements(ROUND));
    bench_send(&mut group, "bare", |record| bare.send(record).is_ok(), || bare.flush(LONG).expect("reports"));
    for (name, is_sampled) in [("sampled", true), ("unsampled", false)] {
        let inner = config.create_with_context(TracedProducerContext::new(Silent)).expect("a producer");
        let traced: TracedBaseProducer<Silent> =
            TracedBaseProducer::with_config(inner, &config, settings(is_sampled));
        bench_send(
            &mut group,
            name,
            |record| traced.send(record).is_ok(),
            || traced.flush(LONG).expect("reports"),
        );
    }
}

struct Silent;
impl rdkafka::ClientContext for Silent {}
impl rdkafka::producer::ProducerContext for Silent {
    type DeliveryOpaque = ();
    fn delivery(&self, _: &rdkafka::message::DeliveryResult<'_>, (): ()) {}
}

/// Reads the topic from its beginning, repeatedly.
fn bench_receive(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    consumer: &BaseConsumer,
    mut receive: impl FnMut() -> bool,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let mut beginning = TopicPartitionList::new();
                beginning.add_partition_offset(TOPIC, 0, Offset::Beginning).expect("an offset");
                consumer.assign(&beginning).expect("an assignment");
                // The first message arrives once all are fetched.
                while !receive() {}
                let start = on_processor();
                let mut left = ROUND;
                while left > 0 {
                    left -= u64::from(receive());
                }
                spent += on_processor() - start;
            }
            spent
        });
    });
}

fn receive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("receive");
    group.sample_size(20).throughput(Throughput::Elements(ROUND));
    for (name, traceparent) in [("sampled", SAMPLED), ("unsampled", UNSAMPLED)] {
        let cluster = MockCluster::new(1).expect("a cluster");
        cluster.create_topic(TOPIC, 1, 1).expect("a topic");
        let config = config(&cluster.bootstrap_servers());
        let producer: BaseProducer = config.create().expect("a producer");
        for _ in 0..=ROUND {
            let mut record = record();
            let headers = record.headers.take().unwrap_or_default();
            let record =
                record.headers(headers.insert(Header { key: "traceparent", value: Some(traceparent) }));
            producer.send(record).map_err(|(error, _)| error).expect("room");
        }
        producer.flush(LONG).expect("reports");
        let bare: BaseConsumer = config.create().expect("a consumer");
        bench_receive(&mut group, &format!("bare, {name}"), &bare, || {
            bare.poll(LONG).is_some_and(|message| black_box(message.expect("a message").payload()).is_some())
        });
        drop(bare);
        let traced =
            TracedBaseConsumer::with_config(config.create().expect("a consumer"), &config, settings(true));
        bench_receive(&mut group, name, traced.inner(), || {
            traced.poll(LONG).is_some_and(|message| {
                let message = message.expect("a message");
                let processing = message.start_processing();
                let is_some = black_box(message.payload()).is_some();
                processing.end();
                is_some
            })
        });
    }
}

/// The work on a received message, without the client.
fn own_work(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("own work");
    for (name, traceparent) in [("receive, sampled", SAMPLED), ("receive, unsampled", UNSAMPLED)] {
        let config = config("127.0.0.1:1");
        let consumer: TracedBaseConsumer =
            TracedBaseConsumer::with_config(config.create().expect("a consumer"), &config, settings(true));
        let headers = OwnedHeaders::new()
            .insert(Header { key: "tenant", value: Some("7") })
            .insert(Header { key: "traceparent", value: Some(traceparent) });
        let (key, payload) = (Some(b"4711".to_vec()), Some(PAYLOAD.to_vec()));
        let timestamp = Timestamp::now();
        let message = OwnedMessage::new(payload, key, TOPIC.to_owned(), timestamp, 0, 17, Some(headers));
        let mut message = Some(message);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|messages| {
                let start = on_processor();
                for _ in 0..messages {
                    let received = consumer.received(message.take().expect("it was put back"));
                    received.start_processing().end();
                    message = Some(received.into_message());
                }
                on_processor() - start
            });
        });
    }
}

/// Fills the queue of a producer without a broker, and purges it: only this thread has work.
fn queue(criterion: &mut Criterion) {
    let config = config("127.0.0.1:1");
    let bare: BaseProducer = config.create().expect("a producer");
    let purge = PurgeConfig::default().queue();
    let mut group = criterion.benchmark_group("queue");
    group.sample_size(20).throughput(Throughput::Elements(ROUND));
    let empty = |producer: &BaseProducer| {
        producer.purge(purge);
        producer.flush(LONG).expect("reports");
    };
    bench_send(&mut group, "bare", |record| bare.send(record).is_ok(), || empty(&bare));
    for (name, is_sampled) in [("sampled", true), ("unsampled", false)] {
        let inner = config.create_with_context(TracedProducerContext::new(Silent)).expect("a producer");
        let traced: TracedBaseProducer<Silent> =
            TracedBaseProducer::with_config(inner, &config, settings(is_sampled));
        bench_send(
            &mut group,
            name,
            |record| traced.send(record).is_ok(),
            || {
                traced.purge(purge);
                traced.flush(LONG).expect("reports");
            },
        );
    }
}

criterion_group!(benches, send, queue, receive, own_work);
criterion_main!(benches);
