//! Ids that repeat.

/// Makes the trace and span ids that this thread creates from now on follow from `seed`, so that a test of sampling
/// decides the same in each run.
///
/// ```
/// use tracing_core_lite::testing::{TestSpans, seed_ids};
///
/// let spans = TestSpans::new();
/// let trace_id = || {
///     seed_ids(7);
///     spans.tracer().span("order").start().span_context().trace_id()
/// };
/// assert_eq!(trace_id(), trace_id());
/// ```
pub fn seed_ids(seed: u64) {
    crate::ids::seed_thread(seed);
}
