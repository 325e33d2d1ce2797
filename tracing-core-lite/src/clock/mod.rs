//! The clock of spans.
//!
//! A span reads a clock at its start, at its end and with each event. Where Linux uses the processor's counter
//! as its clock, each thread asks the system every 100 ms and counts in between. Elsewhere each reading asks
//! the system.

mod anchor;
mod deadline;
mod ticks;
mod timestamp;
mod unix;

pub(crate) use anchor::steady_now as steady_nanos;
pub(crate) use deadline::after;
pub use timestamp::Timestamp;
