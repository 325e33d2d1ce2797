//! Test support: spans in memory, assertions on them, and an OTLP endpoint with scripted replies.

mod endpoint;
mod spans;
mod tree;

pub use endpoint::{FakeOtlp, Received, Reply};
pub use spans::TestSpans;
