//! Sampling: which traces are recorded.
//!
//! A [`Sampler`] decides when a span starts, before its attributes are computed. Choose it in code, or with
//! `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` ([`from_env`]):
//!
//! ```
//! use opentelemetry::trace::{SpanKind, TraceId};
//! use tracing_core_lite::sampling::{ParentBased, Ratio, Record, Sampler, SamplingInput};
//!
//! let sampler = ParentBased::new(Ratio::new(0.25));
//! let trace_id = TraceId::from(0xffff_ffff_ffff_ffff);
//! let decision = sampler.sample(&SamplingInput::new(None, trace_id, "GET /orders", &SpanKind::Server));
//! assert_eq!(decision.record, Record::RecordAndSample);
//! assert_eq!(decision.trace_state.expect("the threshold is sent on").header(), "ot=th:c");
//! ```
//!
//! [`Ratio`] is OpenTelemetry's [consistent] probability sampling: every process makes the same decision about a trace,
//! and each recorded span tells how many spans it represents.

mod always;
pub mod consistent;
mod error;
mod named;
mod parent_based;
mod ratio;
mod registry;
#[cfg(feature = "reload")]
mod reloadable;
mod request;
mod sampler;

pub use always::{AlwaysOff, AlwaysOn};
pub use error::SamplerError;
pub use named::{from_env, from_env_for, from_names};
pub use parent_based::ParentBased;
pub use ratio::Ratio;
pub use registry::{SamplerSettings, register};
#[cfg(feature = "reload")]
pub use reloadable::ReloadableSampler;
pub use request::{AttributeValue, RequestView};
pub use sampler::{Record, Sampler, SamplingDecision, SamplingInput};
