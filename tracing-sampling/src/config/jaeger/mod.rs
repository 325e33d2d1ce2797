//! Jaeger's sampling strategies: its file, the response of its HTTP endpoint, and a sampler that polls either.
//!
//! - [`Strategies`] reads the strategies file of a Jaeger collector, unchanged.
//! - [`Strategy`] reads and writes the response of the endpoint `/sampling?service=…`.
//! - [`JaegerRemote`] polls one of them. It is the sampler `jaeger_remote` of `OTEL_TRACES_SAMPLER`, once
//!   [`register`](crate::register) has been called.
//!
//! The samplers are consistent, unlike Jaeger's own: they send thresholds on, and a rate limit counts correctly.

mod argument;
mod error;
mod file;
mod location;
mod operations;
mod remote;
mod response;
mod source;
mod strategy;

pub use error::{ArgumentError, JaegerError};
pub use file::Strategies;
pub use remote::{JaegerRemote, JaegerRemoteBuilder, JaegerRemoteStatus};
pub use strategy::{OperationStrategies, Strategy};

pub(crate) use argument::from_settings;
