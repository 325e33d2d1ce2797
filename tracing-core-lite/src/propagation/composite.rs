//! The rule for carriers in which several formats find a span: the first one wins.

use opentelemetry::trace::{SpanContext, TraceId, TraceState};

use super::{Extracted, SamplingState};

/// The reason of a link to a span that only a later format contains.
const DISAGREEMENT: &str = "other_format";

/// What earlier formats have found, while a later one reads the same carrier.
pub(super) struct Earlier {
    winner: SpanContext,
    state: Option<SamplingState>,
    unfit_members: Option<super::tracestate::UnfitMembers>,
    is_narrow: bool,
    #[cfg(feature = "datadog")]
    datadog: Option<super::datadog::DatadogState>,
}

impl Extracted {
    /// Takes what earlier formats have found about a span, if there is one.
    pub(super) fn take_earlier(&mut self) -> Option<Earlier> {
        Some(Earlier {
            winner: self.span_context.take()?,
            state: self.state.take(),
            unfit_members: self.unfit_members.take(),
            is_narrow: std::mem::take(&mut self.is_narrow),
            #[cfg(feature = "datadog")]
            datadog: self.datadog.take(),
        })
    }

    /// Puts back what earlier formats have found, after `format` has read the carrier.
    ///
    /// The earlier span wins. If the later one is of the same trace, it adds what the earlier format cannot carry: the high
    /// half of the trace id, tracestate, debug mode. If it differs otherwise, a link to it is kept.
    pub(super) fn settle(&mut self, earlier: Earlier, format: &'static str) {
        let later = self.span_context.replace(earlier.winner);
        let later_state = std::mem::replace(&mut self.state, earlier.state);
        let later_members = std::mem::replace(&mut self.unfit_members, earlier.unfit_members);
        let later_is_narrow = std::mem::replace(&mut self.is_narrow, earlier.is_narrow);
        #[cfg(feature = "datadog")]
        let later_datadog = std::mem::replace(&mut self.datadog, earlier.datadog);
        let (Some(later), Some(winner)) = (later, self.span_context.clone()) else { return };
        let is_narrow = later_is_narrow || self.is_narrow;
        let is_same_trace = is_same(winner.trace_id(), later.trace_id(), is_narrow);
        if is_same_trace {
            let takes_id = self.is_narrow && !later_is_narrow;
            let takes_members = *winner.trace_state() == TraceState::NONE && self.unfit_members.is_none();
            self.is_narrow &= later_is_narrow;
            if takes_members {
                self.unfit_members = later_members;
            }
            let trace_id = if takes_id { later.trace_id() } else { winner.trace_id() };
            let trace_state = if takes_members { later.trace_state() } else { winner.trace_state() };
            self.span_context = Some(SpanContext::new(
                trace_id,
                winner.span_id(),
                winner.trace_flags(),
                true,
                trace_state.clone(),
            ));
            if later_state == Some(SamplingState::Debug) && winner.is_sampled() {
                self.state = later_state;
            }
            #[cfg(feature = "datadog")]
            if self.datadog.is_none() {
                self.datadog = later_datadog;
            }
            #[cfg(feature = "datadog")]
            if let Some(datadog) = &mut self.datadog {
                datadog.trace_id = trace_id;
            }
        }
        let is_decided = [self.state, later_state].iter().all(|it| *it != Some(SamplingState::Deferred));
        let same_decision = !is_decided || winner.is_sampled() == later.is_sampled();
        if !is_same_trace || winner.span_id() != later.span_id() || !same_decision {
            self.add_link(later, DISAGREEMENT, Some(format));
        }
    }

    /// Reads what Datadog's member of tracestate says, unless its headers have said it.
    #[cfg(feature = "datadog")]
    pub(super) fn read_datadog_member(&mut self) {
        let Some(span_context) = self.span_context.as_ref().filter(|_| self.datadog.is_none()) else {
            return;
        };
        if let Some(state) = super::datadog::read_member(span_context) {
            if state.is_debug() && self.state.is_none() {
                self.state = Some(SamplingState::Debug);
            }
            self.datadog = Some(state);
        }
    }
}

/// Returns whether two ids are those of one trace. If one is narrow, only the low halves are compared.
fn is_same(one: TraceId, other: TraceId, is_narrow: bool) -> bool {
    let half = |id: TraceId| u128::from_be_bytes(id.to_bytes()) as u64;
    one == other || (is_narrow && half(one) == half(other))
}
