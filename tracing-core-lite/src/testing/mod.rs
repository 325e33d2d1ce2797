//! For tests: spans collected in memory, assertions on them, and an OTLP endpoint whose answers a test chooses.

mod endpoint;
mod spans;
mod tree;

pub use endpoint::{FakeOtlp, Received, Reply};
pub use spans::TestSpans;
