//! Channels: publishes and deliveries that are traced.

mod get;
mod traced;

pub use get::TracedGetMessage;
pub use traced::TracedChannel;
