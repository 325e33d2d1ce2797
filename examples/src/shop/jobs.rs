//! The jobs that notification hands to the workers: messages to customers.

use serde::{Deserialize, Serialize};

/// A message to a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) order: u64,
    pub(super) to: String,
    pub(super) text: String,
}

/// The way a message reaches its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Email,
    Sms,
}

impl Medium {
    /// Returns the name of the queue for jobs of this medium.
    pub(super) fn queue(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}
