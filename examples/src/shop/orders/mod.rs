//! Orders: looks prices up, has the goods reserved and paid, and sends a receipt once the customer has the answer.

mod failure;
mod prices;
mod service;
mod store;

pub(super) use service::start;
