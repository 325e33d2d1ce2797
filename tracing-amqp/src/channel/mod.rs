//! Channels with traced publishes and deliveries.

mod get;
mod traced;

pub use get::TracedGetMessage;
pub use traced::TracedChannel;
