//! Returned messages whose confirm was dropped.

use std::sync::{Arc, Mutex, PoisonError};

use lapin::message::BasicReturnMessage;

/// The messages that the broker returned to one channel and whose [`TracedConfirm`](super::TracedConfirm) was dropped.
/// Their confirm was read only to end the span.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReturnedMessages(Arc<Mutex<Vec<BasicReturnMessage>>>);

impl ReturnedMessages {
    pub(super) fn push(&self, message: BasicReturnMessage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }

    /// Removes and returns the messages.
    pub(crate) fn take(&self) -> Vec<BasicReturnMessage> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
