//! The queues of jobs in RabbitMQ, over one connection that is opened on first use and again after it was lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing_amqp::{Broker, Settings, TracedChannel};
use tracing_core_lite::TracerProvider;

use crate::shop::jobs::Medium;

/// How long connecting may take, and how long the broker may take to confirm a job.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The queue of jobs that failed permanently.
const DEAD_LETTERS: &str = "dead-letters";

/// How many unacknowledged jobs the broker gives to one worker.
const PREFETCH: u16 = 16;

/// The delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;

/// A job was not queued.
#[derive(Debug, thiserror::Error)]
pub(in crate::shop) enum PublishError {
    #[error(transparent)]
    Amqp(#[from] lapin::Error),
    #[error("the broker did not accept the job")]
    Refused,
    #[error("the broker did not answer in time")]
    Timeout,
}

/// Publishes jobs, and gives channels to workers.
#[derive(Clone)]
pub(in crate::shop) struct JobQueues {
    url: Arc<str>,
    broker: Broker,
    open: Arc<Mutex<Option<Open>>>,
}

/// Omits the URL, which contains a password.
impl fmt::Debug for JobQueues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobQueues").finish_non_exhaustive()
    }
}

struct Open {
    connection: Connection,
    channel: TracedChannel,
}

impl JobQueues {
    /// Creates a client of the broker at `url`, without connecting to it yet.
    pub(in crate::shop) fn at(url: &str, provider: &TracerProvider) -> Self {
        let broker = Broker::at(url, Settings::new().with_provider(provider));
        Self { url: url.into(), broker, open: Arc::default() }
    }

    /// Publishes a job and waits until the broker has it in a queue.
    pub(in crate::shop) async fn publish(&self, queue: &str, body: &[u8]) -> Result<(), PublishError> {
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(PERSISTENT);
        self.publish_with(queue, body, properties).await
    }

    /// Publishes a job as [`publish`](JobQueues::publish) does, with these properties.
    pub(in crate::shop) async fn publish_with(
        &self,
        queue: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<(), PublishError> {
        let channel = self.channel().await?;
        // The broker returns a mandatory message that no queue takes.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let queue = ShortString::try_new(queue).map_err(|_| PublishError::Refused)?;
        let confirmed =
            async { channel.basic_publish("".into(), queue, options, body, properties).await?.await };
        let confirm = timeout(TIMEOUT, confirmed).await.map_err(|_| PublishError::Timeout)??;
        if confirm.is_ack() && confirm.take_message().is_none() { Ok(()) } else { Err(PublishError::Refused) }
    }

    /// Drops the connection. The next use opens another.
    pub(in crate::shop) async fn close(&self) {
        self.open.lock().await.take();
    }

    /// Returns a channel with publisher confirms, after declaring the queues.
    pub(in crate::shop) async fn channel(&self) -> Result<TracedChannel, PublishError> {
        Ok(timeout(TIMEOUT, self.open()).await.map_err(|_| PublishError::Timeout)??)
    }

    async fn open(&self) -> Result<TracedChannel, lapin::Error> {
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
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(DEAD_LETTERS.into(), durable, FieldTable::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString("".into()));
    arguments.insert("x-dead-letter-routing-key".into(), AMQPValue::LongString(DEAD_LETTERS.into()));
    for medium in [Medium::Email, Medium::Sms] {
        channel.queue_declare(medium.queue().into(), durable, arguments.clone()).await?;
    }
    Ok(())
}
