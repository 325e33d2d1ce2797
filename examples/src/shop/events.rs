//! The events that services publish to Kafka.

use serde::{Deserialize, Serialize};

/// The topic of accepted and paid orders.
pub const ORDERS_CREATED: &str = "orders.created";

/// An order was accepted and paid.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OrderCreated {
    pub(super) order: u64,
    pub(super) customer: String,
    pub(super) phone: String,
    pub(super) cents: u64,
}
