//! An order shop of several services whose orders are one trace each, as an example to copy from.
//!
//! [`shop`] is what a user would write: nine small services with axum, tonic, sqlx, a cache, Kafka and AMQP. [`demo`] runs
//! them in one process, places orders, and prints and checks their traces. [`w3c_service`] answers the W3C Trace Context
//! validation suite.

pub mod demo;
pub mod health_probe;
pub mod load;
pub mod night;
pub mod one_service;
pub mod shop;
mod stop;
pub mod w3c_service;

pub use stop::{terminated, until_stopped};
