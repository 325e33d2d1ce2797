//! What a carrier says about a sender besides its span context, kept as a value of the context.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceId};

use super::SamplingState;
use crate::span::Recorder;
use crate::span::value::Value;

/// The attribute of links that says why a span context that was received is not the parent.
const LINK_REASON: &str = "tracing_suite.propagation.link_reason";
/// The attribute of links that names the format that carried the span context.
const LINK_FORMAT: &str = "tracing_suite.propagation.format";
/// The attribute of spans whose trace is in debug mode.
const DEBUG: &str = "tracing_suite.propagation.debug";
/// The attribute of spans of requests that are not trusted.
const POLICY: &str = "tracing_suite.boundary.policy";
/// The name of the partner that sent a request.
const PEER: &str = "service.peer.name";

/// What was received besides a span context. It exists only if there is anything to say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    /// The sender's span. `None` if the request starts a trace.
    pub(super) sender: Option<(TraceId, SpanId)>,
    /// The trace that the root belongs to, if the sender has named a trace without a span.
    pub(super) trace_id: Option<TraceId>,
    pub(super) state: Option<SamplingState>,
    /// Whether the trace continues with a sampling decision and randomness of its own.
    pub(super) decides_anew: bool,
    pub(super) links: Vec<ReceivedLink>,
    /// The trust policy, unless the sender is trusted.
    pub(super) policy: Option<&'static str>,
    pub(super) partner: Option<Arc<str>>,
}

/// A span context that was received but is not the parent.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedLink {
    pub(super) span_context: SpanContext,
    pub(super) reason: &'static str,
    pub(super) format: Option<&'static str>,
}

/// How a span is sampled if its request says more than the sampled flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// By the sampler, as usual.
    Usual,
    /// By the request.
    Request {
        /// Whether the span is sampled.
        is_sampled: bool,
    },
    /// By the sampler, as it decides about roots.
    AsRoot,
    /// By the sampler, as it decides about roots, from randomness that is drawn for this trace.
    Anew,
}

impl Received {
    /// Returns what was received in `context` about a span whose parent is `parent`.
    #[inline]
    pub(crate) fn of<'a>(context: &'a Context, parent: Option<&SpanContext>) -> Option<&'a Self> {
        if parent.is_some_and(|parent| !parent.is_remote()) {
            return None;
        }
        let sender = parent.map(|parent| (parent.trace_id(), parent.span_id()));
        context.get::<Self>().filter(|received| received.sender == sender)
    }

    /// Returns the trace that a root belongs to, if the sender has chosen it.
    pub(crate) fn trace_of_root(&self) -> Option<TraceId> {
        self.trace_id.filter(|_| self.sender.is_none())
    }

    pub(crate) fn authority(&self) -> Authority {
        match self.state {
            _ if self.decides_anew => Authority::Anew,
            Some(SamplingState::Deferred) => Authority::AsRoot,
            Some(SamplingState::Debug) => Authority::Request { is_sampled: true },
            Some(state) if self.sender.is_none() => Authority::Request { is_sampled: state.is_sampled() },
            _ => Authority::Usual,
        }
    }

    /// Writes links and attributes to the span that the request starts.
    pub(crate) fn record(&self, span: &mut Recorder<'_>) {
        self.record_links(span);
        if self.state == Some(SamplingState::Debug) {
            span.set(DEBUG, true);
        }
        span.set_some(POLICY, self.policy);
        span.set_some(PEER, self.partner.as_deref());
    }

    /// Writes the links alone.
    pub(crate) fn record_links(&self, span: &mut Recorder<'_>) {
        for link in &self.links {
            let reason = (LINK_REASON, Value::Str(link.reason));
            match link.format {
                Some(format) => {
                    span.add_link(&link.span_context, &[reason, (LINK_FORMAT, Value::Str(format))])
                }
                None => span.add_link(&link.span_context, &[reason]),
            };
        }
    }
}

impl SamplingState {
    /// Returns what is known about `span_context`, a span in `context`: the state that its trace was received with if that
    /// still applies, or else its sampled flag.
    ///
    /// ```
    /// use opentelemetry::trace::TraceContextExt;
    /// use tracing_core_lite::propagation::{Propagator, SamplingState};
    ///
    /// let carrier = vec![("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    /// let context = Propagator::default().extract(&carrier).into_context();
    /// let state = SamplingState::of(context.span().span_context(), &context);
    /// assert_eq!(state, SamplingState::Accept);
    /// ```
    #[must_use]
    pub fn of(span_context: &SpanContext, context: &Context) -> Self {
        let by_flag = if span_context.is_sampled() { Self::Accept } else { Self::Deny };
        let Some(received) = context.get::<Received>() else { return by_flag };
        let (trace_id, span_id) = received.sender.unwrap_or((TraceId::INVALID, SpanId::INVALID));
        match received.state {
            // Without ids, it is about the trace that the request starts.
            Some(Self::Debug) if received.sender.is_none() || trace_id == span_context.trace_id() => {
                Self::Debug
            }
            // Starting a span makes a decision, so only the sender's own span context stays undecided.
            Some(Self::Deferred) if (trace_id, span_id) == ids(span_context) => Self::Deferred,
            Some(state) if received.sender.is_none() && !span_context.is_valid() => state,
            _ => by_flag,
        }
    }

    /// Returns whether `context` has a state that was received without ids.
    #[cfg(feature = "b3")]
    pub(super) fn is_received(context: &Context) -> bool {
        context
            .get::<Received>()
            .is_some_and(|received| received.sender.is_none() && received.state.is_some())
    }

    /// Returns `context` with this state for `span_context`, as if it had been received with it.
    #[must_use]
    pub fn put_into(self, span_context: &SpanContext, context: &Context) -> Context {
        let sender = span_context.is_valid().then(|| ids(span_context));
        context.with_value(Received { sender, state: Some(self), ..Received::default() })
    }
}

fn ids(span_context: &SpanContext) -> (TraceId, SpanId) {
    (span_context.trace_id(), span_context.span_id())
}
