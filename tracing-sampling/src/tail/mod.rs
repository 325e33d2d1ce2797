//! Decisions when a trace has ended: keep every error, every slow request, and a share of the rest.
//!
//! A [`TailSampler`] stands between the export thread and an exporter. It buffers encoded spans, decides about whole traces
//! by its [policies](Policy), and passes on the bytes of those that are kept. Policies and settings have the names of the
//! Collector's `tail_sampling` processor, whose YAML `config::collector` reads.
//!
//! # When a trace is decided
//! When its root has ended plus `decision_wait_after_root_received`, at `decision_wait` after its first span, or when memory
//! is full, whichever comes first. With a budget ([`Policy::rate_limiting`] and the like, in [`Mode::Consistent`]) traces that
//! are due are decided together once a second. A shutdown decides everything.
//!
//! In one process, a local root with its local descendants is one [unit](Unit::LocalRoot). A kept unit keeps the whole trace.
//! A dropped one leaves later units of the trace their own decision, so that a failing second call is not lost. Late spans
//! follow the decision of their unit while it is remembered. A span whose parents have not arrived when it must be decided,
//! at `decision_wait` or for lack of memory, is judged with its siblings alone.
//!
//! # Counts
//! Every kept span names its policy in `tracing_suite.sampling.policy`. In [`Mode::Consistent`] it also carries the threshold
//! that its trace has passed, as `th` of tracestate's `ot` member: the true number of spans is the sum of their adjusted
//! counts. A policy that is certain, such as one for errors, keeps the threshold that the trace arrived with. A probabilistic
//! one is relative to that: 10 % behind a head of 1 % keeps 0.1 %.
//!
//! # Behind a head sampler
//! There are two readings of "all errors". Behind an ordinary head the tail keeps all errors *among the traces that the head
//! recorded*: cheap, since what the head drops is never recorded. Behind a record-only head
//! ([`TailSettings::record_only_head`]) it keeps all errors of the process: every request is then recorded and buffered, and
//! costs as much as a sampled one until it is decided. The rates of random policies stay relative to the head in both.
//!
//! # Memory
//! [`TailSettings::max_bytes`] bounds all undecided traces, and [`TailSettings::max_trace_bytes`] a single one. Beyond a
//! bound, the oldest or the large trace is decided early; nothing is dropped unseen. [`TailControl::stats`] counts that.

mod buffer;
mod builder;
mod cache;
mod decision;
mod facts;
mod output;
mod owner;
mod plan;
mod policy;
mod settings;
mod shard;
mod stage;
mod stats;
mod store;

pub use buffer::TailBuffer;
pub use builder::TailBuilder;
pub use decision::Decision;
pub use plan::PlanError;
pub use policy::{AttributeMatch, Policy, PolicyKind, Share, TextMatch};
pub use settings::{CollectorVersion, Mode, TailSettings, Unit};
pub use stage::{Busy, StartError, TailControl, TailSampler};
pub use stats::{Amount, PolicyStats, TailStats};
