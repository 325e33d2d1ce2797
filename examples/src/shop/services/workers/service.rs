//! Takes jobs from a queue, and retries or dead-letters those that fail.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use tracing_amqp::{ProcessingDelivery, TracedDelivery};
use tracing_core_lite::context::FutureExt;

use crate::shop::connections::{JobQueues, PublishError};
use crate::shop::healthz;
use crate::shop::jobs::{Job, Medium};
use crate::shop::messenger::{self, MAX_ATTEMPTS, SendError};
use tracing_core_lite::span::ClassifiedError;

/// How long to wait before connecting to the broker again.
const PAUSE: Duration = Duration::from_secs(1);

/// A job that was not done.
#[derive(Debug, thiserror::Error)]
enum JobFailed {
    #[error("malformed job: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(transparent)]
    NotSent(#[from] SendError),
}

impl ClassifiedError for JobFailed {
    fn class(&self) -> &str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::NotSent(reason) => reason.class(),
        }
    }
}

pub(in crate::shop) fn router() -> Router {
    Router::new().route("/healthz", get(healthz))
}

/// Does the jobs of `medium` until `stop` is cancelled. A job that has begun is finished.
///
/// If the broker goes away, the worker connects again.
pub(in crate::shop) async fn work(medium: Medium, queues: JobQueues, stop: CancellationToken) {
    let worker = Worker { medium, queues };
    while !stop.is_cancelled() {
        if let Err(error) = worker.consume(&stop).await {
            info!(%error, "the broker does not answer");
            // The broker delivers the jobs that were not acknowledged on this channel again.
            worker.queues.close().await;
        }
        stop.run_until_cancelled(sleep(PAUSE)).await;
    }
}

struct Worker {
    medium: Medium,
    queues: JobQueues,
}

impl Worker {
    async fn consume(&self, stop: &CancellationToken) -> Result<(), PublishError> {
        let channel = self.queues.channel().await?;
        let queue = self.medium.queue();
        let options = BasicConsumeOptions::default();
        let mut jobs = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        while let Some(Some(delivery)) = stop.run_until_cancelled(jobs.next()).await {
            self.handle(delivery?).await?;
        }
        Ok(())
    }

    /// Does one job. Its span records the outcome and links to the span that published the job; after a retry, to both.
    async fn handle(&self, delivery: TracedDelivery) -> Result<(), PublishError> {
        let processing = delivery.start_processing();
        let context = processing.context().clone();
        let work = async {
            let Err(reason) = self.attempt(&processing).await else {
                processing.ack(BasicAckOptions::default()).await?;
                return Ok(());
            };
            processing.record_error_as(reason.class(), &reason);
            if let Err(error) = self.retry_or_reject(&processing, &reason).await {
                warn!(%error, "asking the broker to deliver the job again");
                processing.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
            }
            Ok(())
        };
        work.in_context(context).await
    }

    async fn attempt(&self, delivery: &ProcessingDelivery) -> Result<(), JobFailed> {
        let job: Job = serde_json::from_slice(&delivery.data)?;
        let number = delivery.origin().attempt().number();
        Ok(messenger::send(self.medium, &job, number).await?)
    }

    /// Publishes a job again if another attempt may succeed. Rejects all others, which makes them dead letters.
    async fn retry_or_reject(
        &self,
        delivery: &ProcessingDelivery,
        reason: &JobFailed,
    ) -> Result<(), PublishError> {
        let number = delivery.origin().attempt().number();
        if matches!(reason, JobFailed::NotSent(_)) && number < MAX_ATTEMPTS {
            warn!(%reason, number, "trying again");
            let properties = delivery.properties_for_retry();
            self.queues.publish_with(self.medium.queue(), &delivery.data, properties).await?;
            delivery.ack(BasicAckOptions::default()).await?;
        } else {
            warn!(%reason, number, "giving up");
            delivery.reject(BasicRejectOptions { requeue: false }).await?;
        }
        Ok(())
    }
}
