//! The inputs of an adaptive sampler.
//!
//! An input is anything that implements [`Input`], such as a closure:
//!
//! ```
//! use tracing_sampling::adaptive::{Adaptive, inputs::InputError};
//!
//! let adaptive = Adaptive::builder().with_storage(|| Ok::<f64, InputError>(0.42)).build();
//! adaptive.evaluate();
//! ```

#[cfg(feature = "json")]
mod first_seen;
#[cfg(feature = "http")]
mod http_figure;
mod input;
mod request_counts;
#[cfg(feature = "system")]
mod system;

#[cfg(feature = "json")]
pub use first_seen::FirstSeenFile;
#[cfg(feature = "http")]
pub use http_figure::HttpFigure;
pub use input::{Input, InputError, RequestSource, Requests};
pub use request_counts::RequestCounts;
#[cfg(feature = "system")]
pub use system::{DiskUsage, ProcessCpu};
