//! What is recorded in spans and metrics.

mod command_name;
mod command_text;
mod error_class;
mod namespace;
mod response;

pub use command_text::CommandText;

pub(crate) use self::command_name::{CommandName, is_lookup, pipeline_name};
pub(crate) use self::command_text::QueryText;
pub(crate) use self::error_class::ErrorClass;
pub(crate) use self::namespace::namespace;
pub(crate) use self::response::Response;
