//! Notification: reads order events from Kafka and creates the jobs that inform the customers.

mod jobs;
mod service;

pub(in crate::shop) use jobs::Jobs;
pub(in crate::shop) use service::{idle, listen, router};
