//! Consistent probability sampling: one random number per trace, compared with a threshold by everybody who samples.
//!
//! A trace has 56 bits of [`Randomness`]. A sampler has a [`Threshold`] of 56 bits and rejects what lies below. Both travel
//! in the `ot` member of tracestate ([`OtTraceState`]): `rv` replaces the randomness of the trace id, `th` tells which
//! threshold was passed, so that a recorded span can be counted as the spans that it stands for.
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
