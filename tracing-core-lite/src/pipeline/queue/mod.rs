//! The bounded queue between the threads that end spans and the export thread.

mod bounded_queue;
mod fill;
mod intake;
mod requests;
#[cfg(test)]
mod tests;

pub(crate) use bounded_queue::Queue;
pub(super) use fill::WakeAt;
pub(crate) use requests::Requests;
