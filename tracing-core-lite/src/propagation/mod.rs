//! Propagation: the headers of a request or a message carry a span's identity from one process to the next.
//!
//! A [`Propagator`] combines wire [`Format`]s. It reads a carrier ([`Extract`]) and writes one ([`Inject`]):
//!
//! ```
//! use std::collections::HashMap;
//! use tracing_core_lite::propagation::Propagator;
//!
//! let propagator = Propagator::default();
//! let incoming = HashMap::from([(
//!     String::from("traceparent"),
//!     String::from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
//! )]);
//! let context = propagator.extract(&incoming).into_context();
//!
//! let mut outgoing: HashMap<String, String> = HashMap::new();
//! propagator.inject(&context, &mut outgoing);
//! assert_eq!(outgoing["traceparent"], incoming["traceparent"]);
//! ```
//!
//! # Malformed input
//! Extraction never panics, whatever a peer sends. Malformed values are ignored as the format's specification requires.
//! Injection never fails: what cannot be sent is left out.

mod baggage;
mod carrier;
mod error;
mod extracted;
mod field_name;
mod format;
#[cfg(feature = "http")]
mod header_map;
#[cfg(feature = "http")]
pub(crate) mod header_scan;
mod hex;
pub(crate) mod installed;
mod opentelemetry;
mod percent;
mod propagator;
mod text_map;
mod traceparent;
mod tracestate;
mod w3c;

pub use baggage::{
    MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS, Property, W3cBaggage, dropped_baggage_members, metadata,
    properties,
};
pub use carrier::{Extract, Inject};
pub use error::PropagatorError;
pub use extracted::Extracted;
pub use format::Format;
#[cfg(feature = "http")]
pub(crate) use header_scan::HeaderScan;
pub use opentelemetry::OpenTelemetryGlobal;
pub use propagator::Propagator;
pub use text_map::TextMap;
pub use traceparent::{Traceparent, format_traceparent, parse_traceparent};
pub use tracestate::MAX_TRACESTATE_LEN;
pub use w3c::TraceContext;
