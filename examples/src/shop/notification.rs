//! Notification: hears of orders by Kafka, and hands out the work of telling the customers.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use rdkafka::Message;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::BoxError;
use tracing::{info, warn};
use tracing_kafka::TracedStreamConsumer;

use super::events::{self, Joined, ORDERS_CREATED, OrderCreated};
use super::jobs::{Job, JobLost, Jobs, Medium};
use super::{Wiring, healthz};

/// How long to wait after Kafka said that something is wrong.
const PAUSE: Duration = Duration::from_secs(1);

/// An order whose customer will not be told.
#[derive(Debug, thiserror::Error)]
enum NotNotified {
    #[error("the event is not one of ours: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(transparent)]
    JobLost(#[from] JobLost),
}

pub(in crate::shop) async fn start(wiring: Wiring) -> Result<Router, BoxError> {
    let joined = Joined::default();
    match events::consumer(&wiring, ORDERS_CREATED, joined.clone()).await? {
        Some(consumer) => {
            let jobs = Jobs::open(&wiring);
            wiring.background.spawn(listen(consumer, jobs, wiring.stop.clone()));
        }
        None => {
            info!("KAFKA_BROKERS is not set: there is nothing to hear");
            return Ok(Router::new().route("/healthz", get(healthz)));
        }
    }
    Ok(Router::new().route("/healthz", get(health)).with_state(joined))
}

/// Well is who hears events.
async fn health(State(joined): State<Joined>) -> Result<&'static str, (StatusCode, &'static str)> {
    if joined.is_done() {
        Ok(healthz().await)
    } else {
        Err((StatusCode::SERVICE_UNAVAILABLE, "joining the group\n"))
    }
}

async fn listen(consumer: TracedStreamConsumer<Joined>, jobs: Jobs, stop: CancellationToken) {
    while let Some(received) = stop.run_until_cancelled(consumer.recv()).await {
        match received {
            // In the trace of the order, however long ago that was.
            Ok(message) => {
                let notified = message.process(|message| notify(message.payload(), &jobs)).await;
                if let Err(reason) = notified {
                    warn!(%reason, "a customer is not told");
                }
            }
            Err(error) => {
                info!(%error, "Kafka has nothing for us yet");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn notify(event: Option<&[u8]>, jobs: &Jobs) -> Result<(), NotNotified> {
    let event: OrderCreated = serde_json::from_slice(event.unwrap_or_default())?;
    let text =
        format!("Thank you for your order {}: {}.{:02}", event.order, event.cents / 100, event.cents % 100);
    let email = Job { order: event.order, to: format!("{}@example.com", event.customer), text: text.clone() };
    jobs.publish(Medium::Email, &email).await?;
    let sms = Job { order: event.order, to: event.phone, text };
    jobs.publish(Medium::Sms, &sms).await?;
    info!(order = event.order, "the customer will be told");
    Ok(())
}
