//! The context of producers with a delivery callback.

use std::error::Error;

use rdkafka::Statistics;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{Partitioner, ProducerContext};

use super::sending::Sending;

/// The context of a [`TracedBaseProducer`](super::TracedBaseProducer). It ends the span of a message at the delivery
/// report and forwards all calls to the inner context.
#[derive(Debug, Clone, Default)]
pub struct TracedProducerContext<C>(C);

/// The opaque value of a message: the caller's value and the span.
#[derive(Debug)]
pub struct TracedOpaque<D> {
    pub(super) opaque: D,
    pub(super) sending: Sending,
}

impl<C> TracedProducerContext<C> {
    /// Wraps `context`.
    pub fn new(context: C) -> Self {
        Self(context)
    }

    /// Returns the inner context.
    pub fn inner(&self) -> &C {
        &self.0
    }
}

impl<C: ClientContext> ClientContext for TracedProducerContext<C> {
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

impl<C, Part> ProducerContext<Part> for TracedProducerContext<C>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    type DeliveryOpaque = Box<TracedOpaque<C::DeliveryOpaque>>;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: Self::DeliveryOpaque) {
        let TracedOpaque { opaque, sending } = *opaque;
        sending.end(result);
        self.0.delivery(result, opaque);
    }

    fn get_custom_partitioner(&self) -> Option<&Part> {
        self.0.get_custom_partitioner()
    }
}
