//! The errors of a call.

use lapin::message::BasicReturnMessage;

use crate::record::error_class::{self, NACK};

/// The error of a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The client failed.
    #[error(transparent)]
    Client(#[from] lapin::Error),
    /// The request was mandatory, and no queue accepted it.
    #[error("no queue accepts the request: {}", .0.reply_text)]
    Returned(Box<BasicReturnMessage>),
    /// The broker refused the request.
    #[error("the broker refused the request")]
    Nack,
    /// The consumer of replies was cancelled, or another request took the same `correlation_id`.
    #[error("the consumer of replies ended before the reply")]
    Lost,
}

impl RpcError {
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Client(error) => error_class::of_error(error),
            Self::Returned(returned) => error_class::of_reply_code(returned.reply_code),
            Self::Nack => NACK,
            Self::Lost => "lost",
        }
    }
}
