//! Transactions and savepoints: spans with their queries as children.

mod begin;
mod executor;
mod traced_transaction;
mod transaction_span;

pub(crate) use begin::Begin;
pub use traced_transaction::TracedTransaction;
