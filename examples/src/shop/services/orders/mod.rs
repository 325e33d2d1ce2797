//! Orders: looks up prices, has the goods reserved and paid, and publishes an event.

mod events;
mod failure;
mod prices;
mod service;
mod store;

pub(in crate::shop) use service::{Connections, router};
