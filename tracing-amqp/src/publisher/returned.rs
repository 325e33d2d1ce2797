//! Messages that the broker sent back, and whose confirm nobody read.

use std::sync::{Arc, Mutex, PoisonError};

use lapin::message::BasicReturnMessage;

/// The messages of one channel that came back with a confirm which was read to end its span, but which its owner dropped.
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
