//! What is written into spans and metrics.

pub(crate) mod address;
pub(crate) mod attributes;
mod call;
pub(crate) mod callee;
pub(crate) mod code;
pub(crate) mod deadline;
mod ending;
pub(crate) mod error_code;
mod header;
pub(crate) mod kept_names;
mod messages;
pub(crate) mod method;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
pub(crate) mod request_body;
pub(crate) mod semconv;
pub(crate) mod view;

pub(crate) use call::GrpcCall;
pub(crate) use ending::Side;
