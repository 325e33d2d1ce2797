//! A span while it is recorded: its encoded bytes and counters.

mod attributes;
mod bounded_text;
mod counts;
mod events;
mod flags;
#[cfg(feature = "tracing-layer")]
mod late_identity;
mod links;
mod message;
mod span_record;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use message::{Identity, header};
pub(crate) use span_record::SpanRecord;
