//! The test kit.

mod endpoint;

pub use endpoint::{FakeOtlp, Received, Reply};
