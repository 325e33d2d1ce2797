//! The broker of the tests.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use tracing_kafka::exporter::PARTITIONER;

/// The timeout of every wait.
pub(crate) const LONG: Duration = Duration::from_secs(600);

pub(crate) fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| {
        panic!("KAFKA_BROKERS is not set. `cargo xtask test` starts a broker and sets it; by hand: `cargo xtask services kafka`")
    })
}

pub(crate) fn config() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers());
    config
}

/// Returns a name that is unique to this test and this run.
pub(crate) fn unique(name: &str) -> String {
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("{name}-{}-{run:x}", std::process::id())
}

pub(crate) async fn topic(name: &str, partitions: i32) -> String {
    let name = unique(name);
    let admin: AdminClient<DefaultClientContext> = config().create().unwrap();
    let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    for result in admin.create_topics([&topic], &AdminOptions::new()).await.unwrap() {
        result.unwrap();
    }
    name
}

/// Writes records with the Collector's partitioner.
pub(crate) struct Writer {
    producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext>,
    topic: String,
}

impl Writer {
    pub(crate) fn new(topic: &str) -> Self {
        let mut config = config();
        config.set("partitioner", PARTITIONER).set("linger.ms", "5");
        Self { producer: config.create().unwrap(), topic: topic.to_owned() }
    }

    pub(crate) fn write(&self, key: &[u8], value: &[u8], timestamp: i64) {
        let mut record = BaseRecord::to(&self.topic).key(key).payload(value).timestamp(timestamp);
        while let Err((error, returned)) = self.producer.send(record) {
            assert_eq!(error.rdkafka_error_code(), Some(rdkafka::types::RDKafkaErrorCode::QueueFull));
            std::thread::sleep(Duration::from_millis(10));
            record = returned;
        }
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(LONG).unwrap();
    }
}
