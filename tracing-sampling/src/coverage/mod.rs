//! Counts of seen, kept and dropped traces, and estimates of the true counts.
//!
//! A [`Coverage`] collects from two places:
//!
//! - [`Coverage::sampler`] wraps a sampler, and counts every decision about a root: by service, operation (the name of the
//!   root span) and policy.
//! - [`Coverage::exporter`] wraps an exporter, and reads the adjusted counts of the kept spans and the thresholds of their
//!   traces.
//!
//! Either works alone. Its [report](Coverage::report) is a table as text or JSON, or metrics (feature `metrics`).
//! It lists the operations that are never kept, and the traces whose services disagree about the threshold.
//!
//! ```
//! use std::time::Duration;
//! use tracing_core_lite::{TracerProvider, exporters::MemoryExporter};
//! use tracing_core_lite::sampling::{ParentBased, Ratio};
//! use tracing_sampling::coverage::Coverage;
//!
//! let coverage = Coverage::new();
//! let provider = TracerProvider::builder()
//!     .with_sampler(ParentBased::new(coverage.sampler(Ratio::new(0.5))))
//!     .with_exporter(coverage.exporter(MemoryExporter::new()))
//!     .build()?;
//! for _ in 0..100 {
//!     provider.tracer("shop").span("place order").start().end();
//! }
//! provider.flush(Duration::from_secs(5))?;
//! let report = coverage.report();
//! assert_eq!(report.rows[0].seen, 100);
//! println!("{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agreement;
mod counts;
mod estimate;
mod exporter;
#[cfg(feature = "metrics")]
mod metrics;
mod report;
mod sampler;
mod table;
mod text;

pub use agreement::Disagreement;
pub use estimate::Estimate;
pub use exporter::CoverageExporter;
pub use report::{CoverageReport, CoverageRow, NeverKept};
pub use sampler::CoverageSampler;
pub use table::Coverage;
