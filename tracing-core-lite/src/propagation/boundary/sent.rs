//! What was sent across a boundary, and how spans record it.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use super::{OutboundBoundary, OutboundPolicy, Receiver};
use crate::ids;
use crate::propagation::{Inject, Propagator};
use crate::span::Recorder;

const SENT: &str = "tracing_suite.boundary.sent";
const PSEUDONYM_TRACE_ID: &str = "tracing_suite.boundary.pseudonym.trace_id";
const PSEUDONYM_SPAN_ID: &str = "tracing_suite.boundary.pseudonym.span_id";

/// What a request or message carries across a boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    policy: OutboundPolicy,
    pseudonym: Option<(TraceId, SpanId)>,
}

impl Sent {
    /// Returns the policy that was applied.
    #[must_use]
    pub fn policy(&self) -> OutboundPolicy {
        self.policy
    }

    /// Returns the ids that were sent instead of the span's own.
    #[must_use]
    pub fn pseudonym(&self) -> Option<(TraceId, SpanId)> {
        self.pseudonym
    }

    /// Records it on the client's span.
    pub fn record(&self, span: &mut Recorder<'_>) {
        span.set(SENT, self.policy.as_str());
        if let Some((trace_id, span_id)) = self.pseudonym {
            span.set(PSEUDONYM_TRACE_ID, trace_id.to_string().as_str());
            span.set(PSEUDONYM_SPAN_ID, span_id.to_string().as_str());
        }
    }
}

impl Propagator {
    /// Like [`inject_span`](Propagator::inject_span), within what `boundary` allows for `receiver`. Unless everything is
    /// allowed, all other headers with trace context or baggage are removed from `carrier`, in whichever format.
    pub fn inject_within(
        &self,
        boundary: &OutboundBoundary,
        receiver: Receiver<'_>,
        span_context: &SpanContext,
        context: &Context,
        carrier: &mut dyn Inject,
    ) -> Sent {
        self.inject_as(boundary.policy_of(receiver), span_context, context, carrier)
    }

    /// Like [`inject_span`](Propagator::inject_span), within what `policy` allows.
    pub fn inject_as(
        &self,
        policy: OutboundPolicy,
        span_context: &SpanContext,
        context: &Context,
        carrier: &mut dyn Inject,
    ) -> Sent {
        let mut pseudonym = None;
        if policy != OutboundPolicy::Everything {
            self.remove_context(carrier);
        }
        match policy {
            OutboundPolicy::Everything => self.inject_span(span_context, context, carrier),
            OutboundPolicy::TraceparentOnly => self.inject_ids(span_context, carrier),
            OutboundPolicy::Pseudonym => {
                let ids = (ids::trace_id(), ids::span_id());
                let flags = TraceFlags::default().with_sampled(span_context.is_sampled());
                self.inject_ids(&SpanContext::new(ids.0, ids.1, flags, false, TraceState::NONE), carrier);
                pseudonym = Some(ids);
            }
            OutboundPolicy::Nothing => {}
        }
        Sent { policy, pseudonym }
    }

    fn inject_ids(&self, span_context: &SpanContext, carrier: &mut dyn Inject) {
        let (trace_id, span_id) = (span_context.trace_id(), span_context.span_id());
        let bare = SpanContext::new(trace_id, span_id, span_context.trace_flags(), false, TraceState::NONE);
        self.inject_ids_alone(&bare, carrier);
    }
}
