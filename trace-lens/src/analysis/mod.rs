//! Analyses of traces.

mod call;
mod corrections;
mod critical_path;
mod dependencies;
mod diff;
mod errors;
mod failure_points;
mod fold;
mod histogram;
mod latency;
mod merge;
mod messages;
mod names;
mod path_totals;
mod patterns;
mod quality;
mod schedule;
mod self_time;
mod skew;
mod slowest;
mod statistics;
mod summary;
mod why;

pub use call::NodeKind;
pub use corrections::{Correction, Corrections};
pub(crate) use critical_path::ratio;
pub use critical_path::{CriticalPath, PathSection, ServiceShare};

pub use dependencies::{DependencyMap, Edge, Node, USER};
pub use diff::{Durations, Place, PlaceDiff, SpanDiff, diff_sets, diff_traces};
pub use errors::{Cause, CauseGroup, ErrorSummary, NotCalled, causes};
pub use failure_points::{Exposure, FailurePoint, FailurePoints};
pub(crate) use fold::fold;
pub use histogram::Histogram;
pub use latency::{Bucket, DEFAULT_BOUNDS, Latency, LatencySummary};
pub use merge::Merge;
pub use path_totals::PathTotals;
pub use patterns::{MANY, Pattern, PatternKind, Patterns};
pub use quality::{Finding, FindingKind, Quality};
pub use schedule::Schedule;
pub use self_time::{OperationTime, SelfTimes, self_time};
pub use skew::{Adjustment, HostSkew, SkewCorrection, SkewSummary, Times, correct};
pub use slowest::{Slowest, TraceRow};
pub use statistics::{fisher, g_statistic, mann_whitney, wilson};
pub use summary::Summary;
pub use why::{Comparison, Reason, Split, Why};
