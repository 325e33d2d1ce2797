//! Plans tracing, and documents it.

mod documentation;
mod recommend;
mod volume;

pub use documentation::Documentation;
pub use recommend::{Recommendation, recommendations};
pub use volume::{Plan, PlanInput};
