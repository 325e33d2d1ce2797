//! The context of producers that complete a future at the delivery report.

use std::error::Error;

use futures_channel::oneshot;
use rdkafka::Statistics;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::future_producer::{Delivery, OwnedDeliveryResult};
use rdkafka::producer::{NoCustomPartitioner, ProducerContext};

use super::sending::Sending;

/// The context of a [`TracedFutureProducer`](super::TracedFutureProducer). At the delivery report of a message it ends
/// the span and completes the future. It forwards all other calls to the inner context.
#[derive(Debug, Clone, Default)]
pub struct TracedDeliveryContext<C>(C);

/// The data that a message carries to its delivery report.
#[derive(Debug)]
pub struct TracedDelivery {
    pub(super) report: oneshot::Sender<OwnedDeliveryResult>,
    pub(super) sending: Sending,
}

impl<C> TracedDeliveryContext<C> {
    pub(super) fn new(context: C) -> Self {
        Self(context)
    }

    /// Returns the inner context.
    pub fn inner(&self) -> &C {
        &self.0
    }
}

impl<C: ClientContext> ClientContext for TracedDeliveryContext<C> {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = C::ENABLE_REFRESH_OAUTH_TOKEN;

    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        self.0.log(level, fac, log_message);
    }

    fn stats(&self, statistics: Statistics) {
        self.0.stats(statistics);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.0.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.0.generate_oauth_token(config)
    }
}

impl<C: ClientContext> ProducerContext<NoCustomPartitioner> for TracedDeliveryContext<C> {
    type DeliveryOpaque = Box<TracedDelivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Self::DeliveryOpaque) {
        let TracedDelivery { report, sending } = *delivery;
        sending.end(result);
        let result = match result {
            Ok(message) => Ok(Delivery {
                partition: message.partition(),
                offset: message.offset(),
                timestamp: message.timestamp(),
            }),
            Err((error, message)) => Err((error.clone(), message.detach())),
        };
        // This fails if the caller has dropped the future.
        let _unread = report.send(result);
    }
}
