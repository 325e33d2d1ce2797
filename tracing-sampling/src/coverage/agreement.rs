//! Traces whose services disagree about the threshold.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::sampling::consistent::Threshold;

/// The maximum number of traces that are remembered.
const MAX_TRACES: usize = 10_000;

/// The maximum number of pairs of services that are counted separately.
const MAX_PAIRS: usize = 1000;

/// Two services that kept spans of one trace with different thresholds.
///
/// If all services follow their parents, all spans of a trace carry the same threshold. If the thresholds differ, one of
/// the services made its own decision, and counts depend on the service whose spans are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Disagreement {
    /// The service whose span was read first.
    pub first: String,
    /// The other one.
    pub second: String,
    /// How many spans of the second service disagreed.
    pub spans: u64,
    /// The trace of the latest example.
    pub trace_id: String,
    /// The threshold of the first service in this trace, as in `th`.
    pub first_threshold: String,
    /// The threshold of the second service in this trace, as in `th`.
    pub second_threshold: String,
}

/// The thresholds of recent traces.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    traces: HashMap<TraceId, (Arc<str>, Threshold)>,
    order: VecDeque<TraceId>,
    pairs: BTreeMap<(Arc<str>, Arc<str>), Disagreement>,
}

impl Agreement {
    /// Records the threshold of a span of a service.
    pub(super) fn add(&mut self, trace_id: TraceId, service: &Arc<str>, threshold: Threshold) {
        let Some((first, first_threshold)) = self.traces.get(&trace_id) else {
            if self.order.len() >= MAX_TRACES
                && let Some(oldest) = self.order.pop_front()
            {
                self.traces.remove(&oldest);
            }
            self.order.push_back(trace_id);
            self.traces.insert(trace_id, (Arc::clone(service), threshold));
            return;
        };
        if *first_threshold == threshold || first == service {
            return;
        }
        let pair = (Arc::clone(first), Arc::clone(service));
        if self.pairs.len() >= MAX_PAIRS && !self.pairs.contains_key(&pair) {
            return;
        }
        let spans = self.pairs.get(&pair).map_or(1, |known| known.spans + 1);
        let latest = Disagreement {
            first: first.to_string(),
            second: service.to_string(),
            spans,
            trace_id: trace_id.to_string(),
            first_threshold: first_threshold.to_string(),
            second_threshold: threshold.to_string(),
        };
        self.pairs.insert(pair, latest);
    }

    pub(super) fn disagreements(&self) -> Vec<Disagreement> {
        self.pairs.values().cloned().collect()
    }
}
