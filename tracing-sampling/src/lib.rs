//! Samplers that keep errors, slow requests and rare operations, and preserve correct counts.
//!
//! Every sampler is consistent: it compares the randomness of a trace with a threshold, and propagates the threshold in
//! the `ot` member of tracestate. Services therefore agree about a trace, and each kept span says how many spans it
//! represents.

pub mod adaptive;
pub mod attribute;
pub mod clock;
pub mod config;
pub mod coverage;
pub mod head;
#[cfg(feature = "http")]
mod http_agent;
#[cfg(feature = "jaeger")]
mod register;
#[cfg(feature = "tail")]
pub mod tail;
mod ticker;

#[cfg(feature = "jaeger")]
pub use register::register;

/// The examples of the README, so that they compile.
#[cfg(all(doctest, feature = "tail"))]
#[doc = include_str!("../README.md")]
struct Readme;
