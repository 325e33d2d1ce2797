//! A stand-in for the mail server and the SMS gateway that deliver messages to customers.

use std::time::Duration;

use tokio::time::sleep;
use tracing::info;
use tracing_core_lite::span::current_span;

use super::api::phone;
use super::jobs::{Job, Medium};
use tracing_core_lite::span::ClassifiedError;

/// How many times a message is tried.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// A message was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SendError {
    #[error("the gateway to the telephone network is busy")]
    Busy,
    #[error("there is no such number")]
    NoSuchNumber,
}

impl ClassifiedError for SendError {
    fn class(&self) -> &str {
        match self {
            Self::Busy => "gateway_busy",
            Self::NoSuchNumber => "no_such_number",
        }
    }
}

/// Tries to send a message. `attempt` counts from 1.
pub(super) async fn send(medium: Medium, job: &Job, attempt: u32) -> Result<(), SendError> {
    sleep(Duration::from_millis(15)).await;
    match (medium, job.to.as_str()) {
        (Medium::Sms, phone::BUSY) if attempt == 1 => Err(SendError::Busy),
        (Medium::Sms, phone::WRONG) => Err(SendError::NoSuchNumber),
        _ => {
            info!(order = job.order, by = medium.queue(), characters = job.text.len(), "message sent");
            Ok(())
        }
    }
}

/// Marks the current span as failed because the message was not delivered.
pub(super) fn record_failure(error: &SendError) {
    current_span().record_error_as(error.class(), error);
}
