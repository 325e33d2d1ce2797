//! Orders: looks prices up, has the goods reserved and paid, and tells who wants to know.

mod failure;
mod prices;
mod service;
mod store;

pub(super) use service::start;
