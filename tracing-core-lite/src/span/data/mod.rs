//! Finished spans as data: what exporters, tests and analysis read.
//!
//! The field names are those of OTLP (`opentelemetry/proto/trace/v1/trace.proto`).

pub(crate) mod decode;
mod model;

pub use decode::decode_request;
pub use model::{
    AnyValue, DecodeError, EventData, FinishedSpan, LinkData, ResourceSpans, ScopeData, ScopeSpans, SpanData,
    StatusData,
};
