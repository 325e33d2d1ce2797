//! Inventory: sets goods aside for orders, all of an order or nothing.

mod service;
mod stock;

pub(super) use service::start;
