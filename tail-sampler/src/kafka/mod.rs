//! The sampler as a consumer group: spans from a topic that is keyed by trace id.
//!
//! Each assigned partition has its own buffer of undecided traces. The offset that is committed is the lowest one with spans of a
//! trace that is undecided, or whose kept spans were not accepted yet. Every decision is written to a second, compacted topic
//! before kept spans are sent. The next owner of a partition reads these decisions, and then the spans from the committed offset,
//! so that it continues where the last one stopped.

mod assignment;
mod client;
mod clock;
mod config;
mod cycle;
mod decision;
mod delivery;
mod downstream;
mod group;
mod history;
mod inspect;
mod journal;
mod offsets;
mod partition;
mod running;
mod security;
mod stats;
mod topics;
mod watched;
mod window;
mod worker;

pub use config::{Decisions, KafkaConfig, Mechanism, Sasl};
pub use decision::{DecisionError, DecisionRecord};
pub(crate) use running::RunningKafka;
pub use running::StartKafkaError;
