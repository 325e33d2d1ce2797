//! Turns traces into answers.

pub mod analysis;
pub mod check;
pub mod filter;
mod lens;
pub mod model;
pub mod plan;
pub mod read;
pub mod show;
pub mod write;

pub use lens::Lens;
pub use model::{Kind, SpanRecord, SpanSet, Status, Trace};
