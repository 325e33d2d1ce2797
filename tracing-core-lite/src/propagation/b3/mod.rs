//! The formats of Zipkin: one header, or one header for each field.
//!
//! Source: <https://github.com/openzipkin/b3-propagation>; OpenTelemetry specification, "Propagators API", section "B3
//! Requirements".

mod multi;
mod single;

pub use multi::B3Multi;
pub use single::B3Single;

use super::{Extract, Extracted, SamplingState, id, single_value};

const B3: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_SPAN_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

const FIELDS: &[&str] = &[B3, TRACE_ID, SPAN_ID, SAMPLED, FLAGS, PARENT_SPAN_ID];

/// What the headers say.
struct Reading {
    /// Trace id and span id.
    ids: Option<(u128, u64)>,
    state: SamplingState,
}

/// Reads the single header, or the other headers if it is absent or malformed.
fn extract(carrier: &dyn Extract, into: &mut Extracted) {
    let single = single_value(carrier, B3).and_then(single::parse);
    let Some(Reading { ids, state }) = single.or_else(|| multi::parse(carrier)) else { return };
    match ids {
        Some((trace_id, span_id)) => {
            into.span_context = id::remote(trace_id, span_id, state.is_sampled());
            into.set_state(state);
        }
        // A decision without ids is about the trace that the receiver starts.
        None if state != SamplingState::Deferred => into.set_state(state),
        None => {}
    }
}
