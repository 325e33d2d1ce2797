//! Reads events, and reports whether it has joined its consumer group.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use rdkafka::Message;
use rdkafka::consumer::Consumer;
use rdkafka::message::BorrowedMessage;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use tracing_kafka::{Received, TracedStreamConsumer};

use super::jobs::{JobError, Jobs};
use crate::shop::connections::kafka::Membership;
use crate::shop::events::OrderCreated;
use crate::shop::healthz;
use crate::shop::jobs::{Job, Medium};

/// How long to wait after an error of Kafka or of the job queues.
const PAUSE: Duration = Duration::from_secs(1);

/// A customer was not informed of an order.
#[derive(Debug, thiserror::Error)]
enum NotifyError {
    #[error("malformed event: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(transparent)]
    Job(#[from] JobError),
}

/// Returns the router of a service that reads events. It is healthy once it has joined its group.
pub(in crate::shop) fn router(membership: Membership) -> Router {
    Router::new().route("/healthz", get(health)).with_state(membership)
}

/// Returns the router of a service that has no events to read.
pub(in crate::shop) fn idle() -> Router {
    Router::new().route("/healthz", get(healthz))
}

async fn health(State(membership): State<Membership>) -> Result<&'static str, (StatusCode, &'static str)> {
    if membership.has_joined() {
        Ok(healthz().await)
    } else {
        Err((StatusCode::SERVICE_UNAVAILABLE, "joining the group\n"))
    }
}

/// Processes events until `stop` is cancelled.
pub(in crate::shop) async fn listen(
    consumer: TracedStreamConsumer<Membership>,
    jobs: Jobs,
    stop: CancellationToken,
) {
    while let Some(received) = stop.run_until_cancelled(consumer.recv()).await {
        match received {
            Ok(message) => {
                if !process(&message, &jobs, &stop).await {
                    break;
                }
                // Kafka delivers an event again unless its offset is stored, so store it only when all is done.
                if let Err(error) = consumer.store_offset_from_message(message.message()) {
                    warn!(%error, "cannot store the offset: the event may be delivered again");
                }
            }
            Err(error) => {
                info!(%error, "cannot receive from Kafka");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Processes one event until the broker has its jobs. The spans belong to the trace of the order.
///
/// Returns `false` if `stop` was cancelled first.
async fn process(message: &Received<BorrowedMessage<'_>>, jobs: &Jobs, stop: &CancellationToken) -> bool {
    loop {
        match message.process(|message| notify(message.payload(), jobs)).await {
            Ok(()) => return true,
            Err(NotifyError::Job(reason)) => warn!(%reason, "cannot hand out a job yet"),
            Err(reason) => {
                warn!(%reason, "a customer is not informed");
                return true;
            }
        }
        if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
            return false;
        }
    }
}

async fn notify(event: Option<&[u8]>, jobs: &Jobs) -> Result<(), NotifyError> {
    let event: OrderCreated = serde_json::from_slice(event.unwrap_or_default())?;
    let text =
        format!("Thank you for your order {}: {}.{:02}", event.order, event.cents / 100, event.cents % 100);
    let email = Job { order: event.order, to: format!("{}@example.com", event.customer), text: text.clone() };
    jobs.publish(Medium::Email, &email).await?;
    let sms = Job { order: event.order, to: event.phone, text };
    jobs.publish(Medium::Sms, &sms).await?;
    info!(order = event.order, "messages to the customer are queued");
    Ok(())
}
