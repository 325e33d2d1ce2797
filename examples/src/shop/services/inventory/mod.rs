//! Inventory: reserves all the goods of an order, or none.

mod service;
mod stock;

pub(in crate::shop) use service::router;
