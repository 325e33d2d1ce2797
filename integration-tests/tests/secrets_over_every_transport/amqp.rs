//! AMQP: routing keys, headers, ids and bodies of messages.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use tracing_amqp::{Broker, Settings};

use crate::backend::Backend;
use crate::corpus::{Secret, presets};
use crate::{from_env, unique};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns properties with the secret in a header and, if it is short enough, in the ids.
fn properties(secret: &Secret) -> BasicProperties {
    let text = secret.anywhere();
    let mut headers = FieldTable::default();
    headers.insert("note".into(), AMQPValue::LongString(text.into()));
    let properties = BasicProperties::default().with_headers(headers);
    match ShortString::try_new(text) {
        Ok(short) => properties.with_message_id(short.clone()).with_correlation_id(short),
        Err(_) => properties,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_message_is_exported() {
    let url = from_env("AMQP_URL");
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    for (redaction, secrets) in presets() {
        let backend = Backend::new(&redaction);
        let settings = Settings::new().with_provider(&backend.provider);
        let channel = Broker::at(&url, settings).channel(connection.create_channel().await.unwrap());
        let queue = unique("secrets");
        let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
        channel.inner().queue_declare(queue.as_str().into(), exclusive, FieldTable::default()).await.unwrap();
        let options = BasicConsumeOptions::default();
        let mut consumer = channel
            .basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default())
            .await
            .unwrap();
        for secret in &secrets {
            let publish = BasicPublishOptions::default();
            // A message to a queue that does not exist is dropped, but its span has the routing key.
            if let Ok(key) = ShortString::try_new(secret.anywhere()) {
                let _confirm =
                    channel.basic_publish("".into(), key, publish, b"{}", properties(secret)).await.unwrap();
            }
            let body = secret.text.as_bytes();
            let _confirm = channel
                .basic_publish("".into(), queue.as_str().into(), publish, body, properties(secret))
                .await
                .unwrap();
            let delivery = tokio::time::timeout(TIMEOUT, consumer.next()).await.unwrap().unwrap().unwrap();
            let work = delivery.process(|delivery| async move {
                delivery.ack(BasicAckOptions::default()).await.map(|_| ())
            });
            work.await.unwrap();
            backend.record_everywhere(secret);
        }
        backend.assert_without(&secrets, 3 * secrets.len());
    }
}
