//! Publishes the events of orders to Kafka.

use rdkafka::error::KafkaError;
use rdkafka::producer::FutureRecord;
use tracing_kafka::TracedFutureProducer;

use crate::shop::connections::kafka::TIMEOUT;
use crate::shop::events::{ORDERS_CREATED, OrderCreated};

/// An event was not published.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishEventError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// Publishes events, if there is a producer.
#[derive(Debug, Clone)]
pub(super) struct Events(pub(super) Option<TracedFutureProducer>);

impl Events {
    /// Publishes an event and waits until the broker has it.
    pub(super) async fn order_created(&self, event: &OrderCreated) -> Result<(), PublishEventError> {
        let Some(producer) = &self.0 else { return Ok(()) };
        let (key, payload) = (event.order.to_string(), serde_json::to_vec(event)?);
        let record = FutureRecord::to(ORDERS_CREATED).key(&key).payload(&payload);
        producer.send(record, TIMEOUT).await.map_err(|(error, _)| error)?;
        Ok(())
    }
}
