//! The result of reading a carrier.

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceId};

use super::SamplingState;
#[cfg(feature = "datadog")]
use super::datadog::DatadogState;
use super::received::{Received, ReceivedLink};
use super::tracestate::UnfitMembers;

/// The values that the formats of a [`Propagator`](super::Propagator) read from a carrier.
///
/// The fields are public, so that a trust policy can remove values before a context is created.
#[derive(Debug, Default)]
pub struct Extracted {
    /// The sender's span, remote and valid. `None` starts a new trace.
    pub span_context: Option<SpanContext>,
    /// The sender's baggage. Never empty.
    pub baggage: Option<Baggage>,
    pub(super) unfit_members: Option<UnfitMembers>,
    /// What the sender says about sampling besides the sampled flag.
    pub(super) state: Option<SamplingState>,
    /// The trace to continue if there is no span: the sender has named a trace without a span.
    pub(super) trace_id: Option<TraceId>,
    /// Whether the format has carried the low half of the trace id alone.
    pub(super) is_narrow: bool,
    #[cfg(feature = "datadog")]
    pub(super) datadog: Option<DatadogState>,
    /// What is to be recorded about the request, except for the state.
    pub(super) received: Option<Box<Received>>,
    /// The context to add to. Other propagators may have added values of their own.
    pub(crate) base: Option<Context>,
    /// Whether the span of `base` is the sender's.
    pub(super) base_has_sender: bool,
}

impl Extracted {
    /// Returns an empty context with all values that were read: the parent to start a span in.
    #[must_use]
    pub fn into_context(self) -> Context {
        self.add_to(&Context::new())
    }

    /// Returns `context` with all values that were read. They replace the values of the same kind in `context`.
    pub(crate) fn add_to(mut self, context: &Context) -> Context {
        let base = self.take_base().unwrap_or_else(|| context.clone());
        let context = self.add_values_to(base);
        match self.span_context {
            Some(span_context) if context.span().span_context() == &span_context => context,
            Some(span_context) => context.with_remote_span_context(span_context),
            None => context,
        }
    }

    /// Returns an empty context with all values except the span context, for a span whose parent is passed separately.
    ///
    /// The values are moved out of `self`. If there are none, this does not allocate.
    #[must_use]
    pub fn base_context(&mut self) -> Context {
        let has_sender = self.base_has_sender;
        let base = self.base_with_sender();
        if has_sender { base.with_remote_span_context(SpanContext::NONE) } else { base }
    }

    /// Like [`base_context`](Extracted::base_context), with the sender's span if the base has it anyway.
    pub(crate) fn base_with_sender(&mut self) -> Context {
        let base = self.take_base().unwrap_or_default();
        self.add_values_to(base)
    }

    /// Replaces the context to add to.
    #[cfg(feature = "tower")]
    pub(crate) fn set_base(&mut self, base: Context) {
        self.base = Some(base);
        self.base_has_sender = false;
    }

    /// Returns the base. Its span is not the sender's if that was removed or replaced.
    fn take_base(&mut self) -> Option<Context> {
        let base = self.base.take()?;
        let is_outdated = std::mem::take(&mut self.base_has_sender)
            && self.span_context.as_ref() != Some(base.span().span_context());
        Some(if is_outdated { base.with_remote_span_context(SpanContext::NONE) } else { base })
    }

    /// Returns what the sender says about sampling. `None` if it says nothing.
    #[must_use]
    pub fn sampling_state(&self) -> Option<SamplingState> {
        let by_flag = |span_context: &SpanContext| match span_context.is_sampled() {
            true => SamplingState::Accept,
            false => SamplingState::Deny,
        };
        self.state.or_else(|| self.span_context.as_ref().map(by_flag))
    }

    #[cfg(any(
        feature = "b3",
        feature = "datadog",
        feature = "jaeger",
        feature = "ottrace",
        feature = "xray"
    ))]
    pub(super) fn set_state(&mut self, state: SamplingState) {
        self.state = Some(state);
    }

    /// Continues a trace of which the sender has named no span, unless a format finds a span.
    #[cfg(any(feature = "datadog", feature = "xray"))]
    pub(super) fn set_trace(&mut self, trace_id: u128, state: SamplingState) {
        self.trace_id.get_or_insert(TraceId::from(trace_id));
        // Undecided is what a root is anyway.
        if state != SamplingState::Deferred {
            self.state = Some(state);
        }
    }

    /// Starts a new trace even if the sender has named one without a span.
    #[cfg(feature = "messaging")]
    pub(crate) fn forget_trace(&mut self) {
        self.trace_id = None;
    }

    /// Adds the members of another format. Keys that are there already keep their values.
    pub(super) fn add_baggage(&mut self, baggage: Option<Baggage>) {
        match (&mut self.baggage, baggage) {
            (none @ None, added) => *none = added,
            (Some(_), None) => {}
            (Some(known), Some(added)) => {
                for (key, (value, metadata)) in &added {
                    if known.get(key).is_none() {
                        let _none = known.insert_with_metadata(key.clone(), value.clone(), metadata.clone());
                    }
                }
            }
        }
    }

    pub(super) fn add_link(
        &mut self,
        span_context: SpanContext,
        reason: &'static str,
        format: Option<&'static str>,
    ) {
        let link = ReceivedLink { span_context, reason, format };
        self.received.get_or_insert_default().links.push(link);
    }

    fn sender(&self) -> Option<(TraceId, SpanId)> {
        self.span_context.as_ref().map(|sender| (sender.trace_id(), sender.span_id()))
    }

    /// Returns the value for the context, if there is anything to say.
    fn take_received(&mut self) -> Option<Received> {
        let sender = self.sender();
        let state = self.state.take().filter(|state| {
            sender.is_none() || matches!(state, SamplingState::Debug | SamplingState::Deferred)
        });
        let trace_id = self.trace_id.take().filter(|_| sender.is_none());
        if state.is_none() && trace_id.is_none() && self.received.is_none() {
            return None;
        }
        let received = self.received.take().map(|received| *received).unwrap_or_default();
        Some(Received { sender, trace_id, state, ..received })
    }

    fn add_values_to(&mut self, mut context: Context) -> Context {
        if let Some(baggage) = self.baggage.take() {
            context = context.with_baggage(baggage);
        }
        if let Some(unfit_members) = self.unfit_members.take() {
            context = context.with_value(unfit_members);
        }
        #[cfg(feature = "datadog")]
        if let Some(datadog) = self.datadog.take() {
            context = context.with_value(datadog);
        }
        if let Some(received) = self.take_received() {
            context = context.with_value(received);
        }
        context
    }
}
