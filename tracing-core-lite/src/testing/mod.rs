//! For tests: spans collected in memory, and assertions on them.

mod spans;

pub use spans::TestSpans;
