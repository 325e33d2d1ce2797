//! The broker of the tests.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)] // Each test uses its part.

pub(crate) mod proxy;

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use tracing_amqp::{Broker, Settings, TracedChannel, TracedConsumer, TracedDelivery};
use tracing_core_lite::testing::TestSpans;

/// The timeout of every call.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn url() -> String {
    std::env::var("AMQP_URL").unwrap_or_else(|_| {
        panic!("AMQP_URL is not set. Run `cargo xtask test`, or `cargo xtask services rabbitmq` and set what it prints")
    })
}

/// Returns a name that is unique to this test.
pub(crate) fn unique(name: &str) -> String {
    format!("tracing-amqp.{name}.{:016x}", RandomState::new().hash_one(name))
}

/// A connection, and a channel with publisher confirms whose spans are collected.
pub(crate) struct Rabbit {
    pub(crate) spans: TestSpans,
    pub(crate) connection: Connection,
    pub(crate) channel: TracedChannel,
}

impl Rabbit {
    pub(crate) async fn connect() -> Self {
        Self::with(Settings::new()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::at(&url(), ConnectionProperties::default(), TestSpans::new(), settings).await
    }

    pub(crate) async fn at(
        url: &str,
        properties: ConnectionProperties,
        spans: TestSpans,
        settings: Settings,
    ) -> Self {
        let connection = within(Connection::connect(url, properties)).await.unwrap();
        let broker = Broker::at(url, settings.with_provider(spans.provider()));
        let channel = broker.channel(connection.create_channel().await.unwrap());
        channel.inner().confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { spans, connection, channel }
    }

    /// Declares a queue that is deleted with the connection.
    pub(crate) async fn queue(&self, name: &str) -> String {
        self.queue_with(name, &[]).await
    }

    pub(crate) async fn queue_with(&self, name: &str, arguments: &[(&str, AMQPValue)]) -> String {
        let queue = unique(name);
        self.declare(&queue, arguments).await;
        queue
    }

    pub(crate) async fn declare(&self, queue: &str, arguments: &[(&str, AMQPValue)]) {
        let options = QueueDeclareOptions { exclusive: true, ..Default::default() };
        within(self.channel.inner().queue_declare(queue.into(), options, table(arguments))).await.unwrap();
    }

    /// Publishes to `exchange` with `key`, and awaits the confirm.
    pub(crate) async fn publish_to(
        &self,
        exchange: &str,
        key: &str,
        options: BasicPublishOptions,
        properties: BasicProperties,
    ) -> lapin::Result<Confirmation> {
        let published = self.channel.basic_publish(exchange.into(), key.into(), options, b"body", properties);
        within(within(published).await?).await
    }

    /// Publishes to `queue`, and awaits the confirm.
    pub(crate) async fn publish(
        &self,
        queue: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Confirmation {
        let (exchange, queue) = (ShortString::default(), queue.into());
        let options = BasicPublishOptions::default();
        let confirm = within(self.channel.basic_publish(exchange, queue, options, body, properties)).await;
        within(confirm.unwrap()).await.unwrap()
    }

    pub(crate) async fn consume(&self, queue: &str) -> TracedConsumer {
        let options = BasicConsumeOptions::default();
        let arguments = FieldTable::default();
        within(self.channel.basic_consume(queue.into(), "".into(), options, arguments)).await.unwrap()
    }

    pub(crate) async fn delete(&self, queue: &str) {
        let options = QueueDeleteOptions::default();
        within(self.channel.inner().queue_delete(queue.into(), options)).await.unwrap();
    }
}

pub(crate) async fn next(consumer: &mut TracedConsumer) -> TracedDelivery {
    within(consumer.next()).await.unwrap().unwrap()
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("it takes too long")
}

pub(crate) fn text(text: impl AsRef<[u8]>) -> AMQPValue {
    AMQPValue::LongString(text.as_ref().into())
}

pub(crate) fn headers(headers: &[(&str, AMQPValue)]) -> BasicProperties {
    BasicProperties::default().with_headers(table(headers))
}

fn table(entries: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert((*name).into(), value.clone());
    }
    table
}
