//! The export thread: collects chunks, frames them, and hands them to the exporter.
//!
//! It is a plain thread, so that export works with any async runtime or without one, and never takes a runtime's
//! worker. After a retryable failure, the batch is repeated with increasing pauses while new spans wait in the bounded
//! queue. If it keeps failing, other batches are tried in the pauses, because the receiver may refuse only this one.

mod delivery;
mod pending;
mod phase;
mod request_durations;
mod thread;

pub(crate) use thread::{Link, spawn};
