//! Auth: tells which customer a token belongs to.

mod service;

pub(in crate::shop) use service::router;
