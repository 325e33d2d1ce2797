//! The content of spans.

pub(crate) mod attribute;
mod cluster_id;
pub(crate) mod error_class;
mod message;

pub(crate) use cluster_id::ClusterId;
pub(crate) use message::{record_delivery, record_failure, record_message};
