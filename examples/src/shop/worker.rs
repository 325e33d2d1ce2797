//! The workers that tell customers: one for e-mail, one for SMS. Each takes jobs from its queue.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::BoxError;
use tracing::{info, warn};
use tracing_amqp::{ProcessingDelivery, TracedDelivery};
use tracing_core_lite::context::FutureExt;

use super::jobs::{Job, JobLost, Medium};
use super::messenger::{self, MOST_ATTEMPTS, NotSent};
use super::post_office::PostOffice;
use super::{Classified, Wiring, healthz};

/// How long to wait before the broker is called again.
const PAUSE: Duration = Duration::from_secs(1);

/// A job that was not done.
#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error("the job is not one of ours: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(transparent)]
    NotSent(#[from] NotSent),
    #[error("the job could not be put back: {0}")]
    Lost(#[from] JobLost),
    #[error(transparent)]
    Amqp(#[from] lapin::Error),
}

impl Classified for NotDone {
    fn class(&self) -> &str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::NotSent(reason) => reason.class(),
            Self::Lost(_) | Self::Amqp(_) => "broker_unavailable",
        }
    }
}

pub(in crate::shop) async fn start_email(wiring: Wiring) -> Result<Router, BoxError> {
    start(wiring, Medium::Email)
}

pub(in crate::shop) async fn start_sms(wiring: Wiring) -> Result<Router, BoxError> {
    start(wiring, Medium::Sms)
}

fn start(wiring: Wiring, medium: Medium) -> Result<Router, BoxError> {
    match PostOffice::of(&wiring) {
        Some(post_office) => {
            let worker = Worker { medium, post_office };
            let stop = wiring.stop.clone();
            wiring.background.spawn(async move { worker.work(&stop).await });
        }
        None => info!("AMQP_URL is not set: there is nothing to do"),
    }
    Ok(Router::new().route("/healthz", get(healthz)))
}

struct Worker {
    medium: Medium,
    post_office: PostOffice,
}

impl Worker {
    /// Takes jobs until `stop`, however often the broker comes and goes.
    async fn work(&self, stop: &CancellationToken) {
        while let Some(lost) = stop.run_until_cancelled(self.consume(stop)).await {
            if let Err(error) = lost {
                info!(%error, "the broker does not answer");
            }
            if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                break;
            }
        }
    }

    async fn consume(&self, stop: &CancellationToken) -> Result<(), lapin::Error> {
        let channel = self.post_office.channel().await?;
        let queue = self.medium.queue();
        let options = BasicConsumeOptions::default();
        let mut jobs = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        while !stop.is_cancelled()
            && let Some(delivery) = jobs.next().await
        {
            self.handle(delivery?).await;
        }
        Ok(())
    }

    /// The span says what became of the job, and links to whoever published it; after a retry, to both who did.
    async fn handle(&self, delivery: TracedDelivery) {
        let processing = delivery.start_processing();
        let context = processing.context().clone();
        let work = async {
            if let Err(reason) = self.attempt(&processing).await {
                processing.record(|span| {
                    span.failure_of(reason.class(), &reason);
                });
                self.put_back(&processing, &reason).await?;
            } else {
                processing.ack(BasicAckOptions::default()).await?;
            }
            Ok::<_, NotDone>(())
        };
        let settled = work.in_context(context).await;
        if let Err(reason) = settled {
            warn!(%reason, "the broker will deliver the job again");
        }
    }

    async fn attempt(&self, delivery: &ProcessingDelivery) -> Result<(), NotDone> {
        let job: Job = serde_json::from_slice(&delivery.data)?;
        let number = delivery.origin().attempt().number();
        Ok(messenger::send(self.medium, &job, number).await?)
    }

    /// Publishes a job again that may yet be done, and gives all others to the dead letters.
    async fn put_back(&self, delivery: &ProcessingDelivery, reason: &NotDone) -> Result<(), NotDone> {
        let number = delivery.origin().attempt().number();
        if matches!(reason, NotDone::NotSent(_)) && number < MOST_ATTEMPTS {
            warn!(%reason, number, "to be tried again");
            let properties = delivery.properties_for_retry();
            self.post_office.publish_with(self.medium.queue(), &delivery.data, properties).await?;
            delivery.ack(BasicAckOptions::default()).await?;
        } else {
            warn!(%reason, number, "given up");
            delivery.reject(BasicRejectOptions { requeue: false }).await?;
        }
        Ok(())
    }
}
