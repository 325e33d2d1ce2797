//! The behaviour that the HTTP and gRPC layers share, on servers and clients.
#![allow(clippy::unwrap_used)]

mod cancelled;
mod carried;
mod error_classes;
mod filtered;
mod panics;
mod recorded;
mod stack;
mod two_layers;
mod unsampled;
