//! An order shop made of several services, to copy from: how a trace runs through all of them.
//!
//! [`shop`] is what a user would write: nine small services with axum, tonic, sqlx, a cache, Kafka and AMQP. [`demo`] runs them in one
//! process, places orders, shows their traces and checks them. [`w3c_service`] answers the W3C Trace Context validation suite.

pub mod demo;
pub mod health_probe;
pub mod load;
pub mod night;
pub mod one_service;
pub mod shop;
pub mod w3c_service;
