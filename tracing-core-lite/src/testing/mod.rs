//! For tests: spans collected in memory, assertions on them, and an OTLP endpoint that answers as told.

mod endpoint;
mod spans;

pub use endpoint::{FakeOtlp, Received, Reply};
pub use spans::TestSpans;
