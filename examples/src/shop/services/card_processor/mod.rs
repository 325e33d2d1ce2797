//! The card processor: a stand-in for an external API that is slow, sometimes declines and sometimes answers 503.

mod service;

pub(in crate::shop) use service::router;
