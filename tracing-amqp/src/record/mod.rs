//! The content of spans.

pub mod attribute;
pub(crate) mod dead_letter;
pub(crate) mod destination;
pub(crate) mod error_class;
mod message;
mod pending;

pub(crate) use message::{cut, ids, int, record_message};
pub(crate) use pending::Pending;
