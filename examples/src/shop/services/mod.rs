//! The services, one folder each. A service gets its connections as arguments and returns its router.

pub(super) mod auth;
pub(super) mod card_processor;
pub(super) mod gateway;
pub(super) mod inventory;
pub(super) mod notification;
pub(super) mod orders;
pub(super) mod payment;
pub mod reconciliation;
pub(super) mod workers;
