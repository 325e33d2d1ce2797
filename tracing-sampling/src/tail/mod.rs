//! Tail sampling: decides when a trace has ended, and so can keep every error, every slow request, and a share of the rest.
//!
//! A [`TailSampler`] stands between the export thread and an exporter. It buffers encoded spans, decides about whole traces
//! by its [policies](Policy), and passes on the bytes of those that are kept. Policies and settings have the names of the
//! Collector's `tail_sampling` processor, whose YAML `config::collector` reads.
//!
//! # When a trace is decided
//! When its root has ended plus `decision_wait_after_root_received`, at `decision_wait` after its first span, or when memory
//! is full, whichever comes first. With a budget (such as [`Policy::rate_limiting`] in [`Mode::Consistent`]), traces that are
//! due are decided together once a second. A shutdown decides everything.
//!
//! In one process, a local root with its local descendants is one [unit](Unit::LocalRoot). A kept unit keeps the whole trace.
//! If a unit is dropped, later units of the trace still get their own decision, so that a failing second call is not lost.
//! Late spans follow the decision of their unit while it is remembered. If the parents of a span have not arrived by
//! `decision_wait`, or when memory is full, the span is decided together with its siblings only.
//!
//! # Counts
//! Every kept span has the name of its policy in `tracing_suite.sampling.policy`. In [`Mode::Consistent`] it also carries the
//! threshold that its trace has passed, as `th` in tracestate's `ot` member. The sum of the adjusted counts estimates the true
//! number of spans. A policy that is not random, such as one for errors, keeps the threshold with which the trace arrived. A
//! probabilistic policy is relative to that threshold: 10 % behind a head of 1 % keeps 0.1 %.
//!
//! # Behind a head sampler
//! Behind an ordinary head, the tail keeps all errors *among the traces that the head recorded*. This is cheap, because dropped
//! traces are never recorded. Behind a record-only head ([`TailSettings::record_only_head`]), the tail keeps all errors of the
//! process. Every request is then recorded and buffered, and costs as much as a sampled one until it is decided. The rates of
//! random policies are relative to the head in both cases.
//!
//! # Memory
//! [`TailSettings::max_bytes`] bounds all undecided traces, and [`TailSettings::max_trace_bytes`] a single one. If a bound is
//! exceeded, the oldest trace or the large trace is decided early. [`TailControl::stats`] counts these traces.

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
mod settled;
mod shard;
mod size;
mod stage;
mod stats;
mod store;
mod tracestate;

pub use buffer::TailBuffer;
pub use builder::TailBuilder;
pub use decision::Decision;
pub use plan::PlanError;
pub use policy::{AttributeMatch, Policy, PolicyKind, Share, TextMatch};
pub use settings::{CollectorVersion, Mode, TailSettings, Unit};
pub use settled::TraceDecision;
pub use stage::{Busy, StartError, TailControl, TailSampler};
pub use stats::{Amount, PolicyStats, TailStats};
