//! The gateway: identifies the customer and passes the order on.

mod service;

pub(in crate::shop) use service::router;
