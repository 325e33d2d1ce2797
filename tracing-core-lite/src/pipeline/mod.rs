//! The export pipeline for finished spans: queue, export thread, batches, and the exporter trait.
//!
//! Spans reach an [`Exporter`] as a [`Batch`]: one OTLP `ExportTraceServiceRequest`, already encoded. An exporter
//! that speaks OTLP sends those bytes as they are. One that prints or stores spans [decodes](Batch::decode) them. A stage
//! is an exporter that wraps another: it reads spans through a [`view`](view::RequestView), and passes on their bytes with
//! a [`BatchBuilder`].

mod batch;
mod batch_builder;
pub(crate) mod cpu;
mod error;
mod export_counts;
mod exporter;
mod failover;
mod fanout;
mod forward;
pub(crate) mod frame;
mod limits;
pub(crate) mod parts;
pub(crate) mod queue;
mod reachability;
#[cfg(feature = "reload")]
mod reload;
pub(crate) mod report;
mod response;
mod retry;
pub mod view;
pub(crate) mod worker;

pub use batch::Batch;
pub use batch_builder::{BatchBuilder, Section};
pub use error::{ExportError, Exported};
#[cfg_attr(not(feature = "self-metrics"), allow(unused_imports))]
pub(crate) use export_counts::Operation;
pub use exporter::Exporter;
pub use failover::Failover;
pub use fanout::Fanout;
pub(crate) use forward::forward_exporter;
pub use limits::BatchLimits;
#[cfg(feature = "reload")]
pub use reload::{ExporterHandle, ReloadError, ReloadableExporter};
#[doc(hidden)]
pub use report::PipelineStats;
pub use report::{ExportStats, ExporterStats};
pub use response::ExportResponse;
pub use retry::Backoff;
