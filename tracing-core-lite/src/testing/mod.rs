//! Test support: spans in memory, assertions on them, an OTLP endpoint with scripted replies, and an
//! allocator that counts.

mod allocator;
mod endpoint;
mod ids;
mod spans;
mod tree;

pub use crate::lint::{Lint, LintFinding, LintProblem, lint};
pub use allocator::{Allocations, CountingAllocator};
pub use endpoint::{FakeOtlp, Received, Reply};
pub use ids::seed_ids;
pub use spans::TestSpans;
