//! Starts real systems for the tests in `tests/`, and reads what they received.
//!
//! `cargo xtask test --peers` builds the systems, and runs the tests.

mod collector;
mod http;
mod jaeger;
mod outcomes;
mod program;
mod spans;

pub use collector::{Collector, Received};
pub use http::{Answer, get};
pub use jaeger::Jaeger;
pub use outcomes::Outcomes;
pub use program::{Program, free_port, path_from, until};
pub use spans::{Differences, Sample};
