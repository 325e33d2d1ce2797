//! The headers of Datadog, and its member of tracestate.

mod format;
mod member;
mod state;

pub use format::Datadog;
pub(super) use member::{read_member, with_member};
pub(super) use state::DatadogState;
