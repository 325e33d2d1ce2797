//! Headers of messages: trace context in them, and librdkafka's own functions to read and change them.

mod carrier;
mod native;

pub use carrier::CarrierMessage;
pub(crate) use carrier::{Incoming, Outgoing};
pub(crate) use native::last;
