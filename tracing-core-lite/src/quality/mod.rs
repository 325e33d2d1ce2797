//! Live quality: finds broken context in the spans of this process while it runs.
//!
//! ```
//! use tracing_core_lite::TracerProvider;
//! use tracing_core_lite::quality::LiveQuality;
//!
//! let quality = LiveQuality::new();
//! let provider = TracerProvider::builder().with_live_quality(quality.clone()).build()?;
//! provider.tracer("shop").span("import").start().end();
//! provider.flush(std::time::Duration::from_secs(5))?;
//! assert!(quality.report().is_clean());
//! println!("{}", quality.report());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it finds
//! | [`Issue`] | what it means | how it is found |
//! |---|---|---|
//! | [`MissingParent`](Issue::MissingParent) | a sender stopped sending context, or a proxy removes it | a request without a parent from a peer that has sent one with the same kind of request |
//! | [`EndedAfterRoot`](Issue::EndedAfterRoot) | work goes on after the response, and shows in no latency | a span that was open when the first span of the request in this process ended |
//! | [`OutlivedSpan`](Issue::OutlivedSpan) | a future kept the context of a span that had ended | a span that started after its parent's end; spans of consumers are exempt |
//! | [`LostContext`](Issue::LostContext) | a task was spawned without its context | a root of kind internal, client or producer, although such spans usually have a parent here. The file and line are those where an internal root was started |
//! | [`SamplingDisagreement`](Issue::SamplingDisagreement) | traces are incomplete | the sampler decided otherwise than the parent's sampled flag says |
//!
//! The line where a task was spawned is unknown: tokio reports it under `tokio_unstable` only.
//!
//! # What it sees, and what it costs
//! All but the last issue are found on the export thread, in the spans that pass the sampler, so counts are those of sampled spans.
//! A parent and its child are compared if they are exported within some thousands of spans of each other. The memory is constant,
//! about 2 MB. Request threads pay for the location of internal roots and for disagreements, and nothing for other spans. Without
//! [`with_live_quality`](crate::TracerProviderBuilder::with_live_quality), nothing runs.

mod history;
pub(crate) mod live_quality;
mod report;
mod stage;
mod usual;

pub use live_quality::LiveQuality;
pub use report::{Example, Issue, IssueReport, QualityReport};
pub use stage::QualityStage;
