//! The stand-in of those who carry messages to customers.

use std::time::Duration;

use tokio::time::sleep;
use tracing::info;
use tracing_core_lite::span::current_span;

use super::Classified;
use super::api::phone;
use super::jobs::{Job, Medium};

/// How often a message is tried.
pub(super) const MOST_ATTEMPTS: u32 = 3;

/// A message that did not get to its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotSent {
    #[error("the gateway to the telephone network is busy")]
    Busy,
    #[error("there is no such number")]
    NoSuchNumber,
}

impl Classified for NotSent {
    fn class(&self) -> &str {
        match self {
            Self::Busy => "gateway_busy",
            Self::NoSuchNumber => "no_such_number",
        }
    }
}

/// Tries to send a message, for the `attempt`th time.
pub(super) async fn send(medium: Medium, job: &Job, attempt: u32) -> Result<(), NotSent> {
    sleep(Duration::from_millis(15)).await;
    match (medium, job.to.as_str()) {
        (Medium::Sms, phone::BUSY) if attempt == 1 => Err(NotSent::Busy),
        (Medium::Sms, phone::WRONG) => Err(NotSent::NoSuchNumber),
        _ => {
            info!(
                order = job.order,
                by = medium.queue(),
                characters = job.text.len(),
                "the customer was told"
            );
            Ok(())
        }
    }
}

/// Says on the span that is current that the message was not sent.
pub(super) fn record_failure(failed: &NotSent) {
    current_span().record_error_as(failed.class(), failed);
}
