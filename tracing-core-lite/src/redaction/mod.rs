//! Removes secrets and personal data from spans before they are exported.
//!
//! This is a second line of defence. The layers and wrappers of this suite already keep literals out of SQL texts and passwords
//! out of URLs. This stage checks everything that is exported: attributes, events with exception messages and stack traces,
//! links, names, status messages and the resource. It runs on the export thread, so requests do not wait for it.
//!
//! A provider applies the default [`Redaction`]: values of denied keys, and secrets that start with a known prefix. The
//! feature `redaction` adds detectors of personal data. [`Redaction::stats`] counts what was redacted, by detector and key.
//! Redacted values are never logged.

mod action;
mod array;
mod detector;
mod encodings;
mod keys;
#[cfg(feature = "guard-metrics")]
mod metrics;
#[cfg(feature = "redaction")]
mod pii;
mod prefix;
mod rewrite;
mod rules;
mod stage;
mod stats;

pub use action::Action;
#[cfg(feature = "redaction")]
pub use action::HashKey;
pub use detector::Detector;
pub(crate) use keys::KeyPattern;
pub use rules::Redaction;
pub(crate) use rules::{is_denied_by_default, redacted_by_default};
pub use stage::Redacting;
pub use stats::RedactionStats;
