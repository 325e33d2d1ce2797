//! Why there is no reply.

use lapin::message::BasicReturnMessage;

use crate::record::error_class::{self, NACK};

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The client failed.
    #[error(transparent)]
    Client(#[from] lapin::Error),
    /// The request was mandatory, and no queue takes it.
    #[error("no queue takes the request: {}", .0.reply_text)]
    Returned(Box<BasicReturnMessage>),
    /// The broker did not take the request.
    #[error("the broker did not take the request")]
    Nack,
    /// The consumer of replies was cancelled, or another request took the same `correlation_id`.
    #[error("the reply cannot come any more")]
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
