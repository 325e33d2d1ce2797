//! The queues of jobs: one connection to RabbitMQ, made when it is needed, and made anew after it was lost.

use std::sync::Arc;

use lapin::options::{BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use tokio::sync::Mutex;
use tracing_amqp::{Broker, Settings, TracedChannel};

use super::Wiring;
use super::jobs::{JobLost, Medium};

/// Where jobs end that nobody could do.
const DEAD_LETTERS: &str = "dead-letters";

/// How many jobs a worker is given before it has acknowledged the first.
const PREFETCH: u16 = 16;

/// The kind of message that is kept when the broker restarts.
const PERSISTENT: u8 = 2;

/// Publishes jobs and gives channels to workers.
#[derive(Debug, Clone)]
pub(super) struct PostOffice {
    url: Arc<str>,
    broker: Broker,
    open: Arc<Mutex<Option<Open>>>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    channel: TracedChannel,
}

impl PostOffice {
    /// The broker at `AMQP_URL`, if there is one.
    pub(super) fn of(wiring: &Wiring) -> Option<Self> {
        let url = wiring.settings.get("AMQP_URL")?;
        let broker = Broker::at(url, Settings::new().provider(&wiring.provider));
        Some(Self { url: url.into(), broker, open: Arc::default() })
    }

    /// Returns when the broker has the job in a queue.
    pub(super) async fn publish(&self, queue: &str, body: &[u8]) -> Result<(), JobLost> {
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(PERSISTENT);
        self.publish_with(queue, body, properties).await
    }

    /// As [`publish`](PostOffice::publish), with these properties.
    pub(super) async fn publish_with(
        &self,
        queue: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<(), JobLost> {
        let channel = self.channel().await?;
        // What is in no queue comes back.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let queue = ShortString::try_new(queue).map_err(|_| JobLost::Refused)?;
        let confirm = channel.basic_publish("".into(), queue, options, body, properties).await?.await?;
        if confirm.is_ack() && confirm.take_message().is_none() { Ok(()) } else { Err(JobLost::Refused) }
    }

    /// A channel with confirms, on which the queues are known to be there.
    pub(super) async fn channel(&self) -> Result<TracedChannel, lapin::Error> {
        let mut open = self.open.lock().await;
        if let Some(Open { connection, channel }) = &*open
            && connection.status().connected()
            && channel.inner().status().connected()
        {
            return Ok(channel.clone());
        }
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        declare_queues(&channel).await?;
        let channel = self.broker.channel(channel);
        *open = Some(Open { connection, channel: channel.clone() });
        Ok(channel)
    }
}

async fn declare_queues(channel: &lapin::Channel) -> Result<(), lapin::Error> {
    let lasting = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(DEAD_LETTERS.into(), lasting, FieldTable::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString("".into()));
    arguments.insert("x-dead-letter-routing-key".into(), AMQPValue::LongString(DEAD_LETTERS.into()));
    for medium in [Medium::Email, Medium::Sms] {
        channel.queue_declare(medium.queue().into(), lasting, arguments.clone()).await?;
    }
    Ok(())
}
