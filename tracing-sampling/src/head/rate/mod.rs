//! Rate limits with correct counts.

mod arrivals;
mod cusum;
mod estimate;
mod limiting;

pub(super) use arrivals::{Arrivals, Update};
pub use limiting::RateLimiting;
