//! The nightly reconciliation: one batch over all payments that the bank reports.

mod bank;
mod job;

pub use bank::{RECORDS, TOPIC, send_statements};
pub use job::{Reconciled, reconcile};
