//! Consistent probability sampling: every sampler compares the same random number of a trace with its threshold.
//!
//! A trace has 56 bits of [`Randomness`]. A sampler has a 56-bit [`Threshold`] and rejects traces below it. Both travel
//! in the `ot` member of tracestate ([`OtTraceState`]): `rv` replaces the randomness of the trace id, and `th` is the
//! threshold that the trace passed, which tells how many spans a recorded span represents.
//!
//! Source: OpenTelemetry specification, "TraceState: Probability Sampling" and "TraceState Handling".

mod ot_trace_state;
mod randomness;
mod threshold;

pub use ot_trace_state::{InconsistentThreshold, OtError, OtTraceState};
pub use randomness::Randomness;
pub use threshold::{ProbabilityError, Threshold};

/// The tracestate key of OpenTelemetry.
pub const OT: &str = "ot";
