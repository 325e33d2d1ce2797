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

#[cfg(feature = "b3")]
mod b3;
mod baggage;
pub mod boundary;
mod carrier;
mod composite;
#[cfg(feature = "datadog")]
mod datadog;
mod error;
mod extracted;
mod field_name;
mod format;
#[cfg(feature = "http")]
mod header_map;
#[cfg(feature = "http")]
pub(crate) mod header_scan;
mod hex;
#[cfg(any(feature = "b3", feature = "datadog", feature = "jaeger", feature = "ottrace", feature = "xray"))]
mod id;
pub(crate) mod installed;
#[cfg(feature = "jaeger")]
mod jaeger;
mod known;
mod opentelemetry;
#[cfg(feature = "ottrace")]
mod ot_trace;
mod percent;
#[cfg(any(feature = "jaeger", feature = "ottrace"))]
mod prefixed_baggage;
mod propagator;
pub(crate) mod received;
mod sampling_state;
mod slots;
mod text_map;
mod traceparent;
mod tracestate;
mod w3c;
#[cfg(feature = "xray")]
mod xray;

#[cfg(feature = "b3")]
pub use b3::{B3Multi, B3Single};
pub use baggage::{
    MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS, Property, W3cBaggage, dropped_baggage_members, metadata,
    properties,
};
pub use carrier::{Extract, Inject};
#[cfg(feature = "datadog")]
pub use datadog::Datadog;
pub use error::PropagatorError;
pub use extracted::Extracted;
pub use format::Format;
#[cfg(feature = "http")]
pub(crate) use header_scan::HeaderScan;
#[cfg(feature = "jaeger")]
pub use jaeger::Jaeger;
pub use opentelemetry::OpenTelemetryGlobal;
#[cfg(feature = "ottrace")]
pub use ot_trace::OtTrace;
pub use propagator::Propagator;
pub use sampling_state::SamplingState;
pub use text_map::TextMap;
pub use traceparent::{Traceparent, format_traceparent, parse_traceparent};
pub use tracestate::MAX_TRACESTATE_LEN;
pub use w3c::TraceContext;
#[cfg(feature = "xray")]
pub use xray::XRay;

/// Returns the value of `name`, without white space around it, if there is exactly one and it is not empty.
#[cfg(any(feature = "b3", feature = "datadog", feature = "jaeger", feature = "ottrace", feature = "xray"))]
#[inline(always)]
fn single_value<'c>(carrier: &'c dyn Extract, name: &'static str) -> Option<&'c [u8]> {
    carrier.single_at(slots::lower_index(name), name).map(traceparent::trim).filter(|value| !value.is_empty())
}
