//! Message headers: trace context, and librdkafka's functions to read and change headers.

mod carrier;
mod native;

pub use carrier::CarrierMessage;
pub(crate) use carrier::{Incoming, Outgoing};
pub(crate) use native::last;
