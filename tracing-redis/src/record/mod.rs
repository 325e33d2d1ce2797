//! What is recorded in spans and metrics.

pub(crate) mod attribute;
mod command_name;
mod command_text;
mod error_class;
#[cfg(feature = "metrics")]
mod metrics;
mod namespace;
mod response;
mod server;

pub(crate) use command_name::{CommandName, is_lookup, pipeline_name};
pub use command_text::CommandText;
pub(crate) use command_text::QueryText;
pub(crate) use error_class::ErrorClass;
#[cfg(feature = "metrics")]
pub(crate) use metrics::{Measurement, Metrics};
pub(crate) use namespace::namespace;
pub(crate) use response::Response;
pub(crate) use server::Server;
