//! Plans the volume of tracing, and documents a traced system.

mod documentation;
mod recommend;
mod trace_size;
mod volume;

pub use documentation::Documentation;
pub use recommend::{Recommendation, recommendations};
pub use trace_size::TraceSize;
pub use volume::{Plan, PlanInput};
