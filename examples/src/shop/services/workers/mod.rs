//! The workers that send messages to customers, one for e-mail and one for SMS. Each takes jobs from its own queue.

mod service;

pub(in crate::shop) use service::{router, work};
