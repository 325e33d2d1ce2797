//! A consumer group loses no trace, splits none, and decides as a single consumer would, although one process joins and one is
//! killed.
//!
//! `KAFKA_TRACES=100000 KAFKA_SECONDS=100` runs the full size.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used)]

mod broker;
mod process;
mod receiver;
mod traces;

mod disturbed;
mod versions;
