//! Support for the layers and wrappers of this workspace. Users do not need it.
//!
//! Exempt from semantic versioning: the crates of this workspace are released together and require one exact version.

#[cfg(feature = "http")]
mod captured_headers;

/// For the fuzz targets: builds with `--cfg fuzzing`.
#[cfg(fuzzing)]
pub mod fuzzing {
    #[cfg(feature = "disk-queue")]
    pub use crate::exporters::disk_queue::fuzzing as disk_queue;
}

#[cfg(feature = "http")]
pub use captured_headers::CapturedHeaders;

pub use crate::box_pool::BoxPool;
pub use crate::cost::OwnThread;
#[cfg(any(feature = "tower-metrics", feature = "database-metrics", feature = "messaging-metrics"))]
pub use crate::exemplars::DurationHistogram;
pub use crate::net::ip_text::IpText;
#[cfg(feature = "http")]
pub use crate::propagation::header_scan::HeaderScan;
pub use crate::span::attribute_cache::{AttributeCache, SetAttribute};
pub use crate::span::prepared::PreparedAttributes;
pub use crate::stack_text::StackText;
pub use crate::unwind::{PanicProbe, on_unwind};
