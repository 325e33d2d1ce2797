//! Kafka: keys, headers and bodies of messages.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

use crate::backend::Backend;
use crate::corpus::presets;
use crate::{from_env, unique};

const TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_message_is_exported() {
    for (redaction, secrets) in presets() {
        let backend = Backend::new(&redaction);
        let settings = Settings::new().with_provider(&backend.provider);
        let topic = unique("secrets");
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", from_env("KAFKA_BROKERS"))
            .set("group.id", &topic)
            .set("auto.offset.reset", "earliest");
        let producer: TracedFutureProducer = TracedFutureProducer::create(&config, settings.clone()).unwrap();
        for secret in &secrets {
            let text = secret.anywhere();
            let headers = OwnedHeaders::new()
                .insert(Header { key: "note", value: Some(text) })
                .insert(Header { key: "baggage", value: Some(&format!("note={}", secret.encoded())) });
            let record = FutureRecord::to(&topic).key(text).payload(&secret.text).headers(headers);
            producer.send(record, TIMEOUT).await.map_err(|(error, _)| error).unwrap();
        }
        let consumer: StreamConsumer = config.create().unwrap();
        let consumer = TracedStreamConsumer::with_config(consumer, &config, settings);
        consumer.subscribe(&[&topic]).unwrap();
        for secret in &secrets {
            let message = tokio::time::timeout(TIMEOUT, consumer.recv()).await.unwrap().unwrap();
            let failed = message.process(|_| async {
                backend.record_everywhere(secret);
                Err::<(), _>(std::io::Error::other(format!("cannot process {}", secret.anywhere())))
            });
            assert!(failed.await.is_err());
        }
        drop(consumer);
        backend.assert_without(&secrets, 3 * secrets.len());
    }
}
