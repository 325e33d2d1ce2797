//! A proxy between the shop and the Collector that refuses, resets, stalls, and answers in place of the Collector.

mod exchange;
mod http;
mod listener;
mod mode;
mod state;

pub(super) use listener::Proxy;
pub(super) use mode::Mode;
