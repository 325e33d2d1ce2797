//! Plans the volume of tracing, and documents a traced system.

mod documentation;
mod recommend;
mod sampling_rules;
mod trace_size;
mod volume;

pub use documentation::Documentation;
pub use recommend::{Recommendation, recommendations};
pub use sampling_rules::sampling_rules;
pub use trace_size::TraceSize;
pub use volume::{Plan, PlanInput};
