//! Starts real systems for the tests in `tests/`, and reads what they received.
//!
//! `cargo xtask test --peers` builds the systems, and runs the tests.

mod collector;
mod http;
mod jaeger;
mod message;
mod outcomes;
mod peer;
mod program;
mod relay;
mod report;
mod spans;

pub use collector::{Collector, Received};
pub use http::{Answer, get};
pub use jaeger::Jaeger;
pub use message::{Command, Hop, Seen, Transport};
pub use outcomes::Outcomes;
pub use peer::{Language, Peer};
pub use program::{Program, free_port, path_from, until};
pub use relay::Relay;
pub use report::report;
pub use spans::{Differences, Sample};
