//! Publishers: a `publish` span for each message, which ends at the broker's confirm.

mod confirm;
mod publish;
mod returned;

pub use confirm::TracedConfirm;
pub(crate) use returned::ReturnedMessages;
