//! Names of the attributes that samplers add to spans. No convention defines them.

/// The rule or policy that kept the trace.
pub const POLICY: &str = "tracing_suite.sampling.policy";
