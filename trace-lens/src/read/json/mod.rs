//! Reads JSON of every tool: one line at a time, or one document after the other.

mod any_value;
mod attributes;
mod document;
mod events;
mod nested;
mod references;
mod resource_spans;
mod scalar;
mod span;
mod stream;
mod walk;
mod zipkin_v1;

pub(crate) use any_value::any_value;
pub(crate) use stream::{documents, documents_in, lines};
