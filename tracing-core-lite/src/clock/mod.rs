//! The clock of spans: the system's, read less often.
//!
//! A span reads a clock at its start, at its end and with each event. Where Linux itself tells the time by the processor's counter,
//! each thread asks the system every 100 ms, and counts in between. Elsewhere every reading asks the system.

mod anchor;
mod deadline;
mod ticks;
mod timestamp;
mod unix;

pub(crate) use deadline::after;
pub use timestamp::Timestamp;
