//! Payment: charges cards at the card processor, and tries again when it is busy.

mod service;

pub(in crate::shop) use service::router;
