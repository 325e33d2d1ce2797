//! The result of reading a carrier.

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, TraceContextExt};

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
    /// The context to add to. Other propagators may have added values of their own.
    pub(super) base: Option<Context>,
}

impl Extracted {
    /// Returns an empty context with all values that were read: the parent to start a span in.
    #[must_use]
    pub fn into_context(self) -> Context {
        self.add_to(&Context::new())
    }

    /// Returns `context` with all values that were read. They replace the values of the same kind in `context`.
    pub(crate) fn add_to(mut self, context: &Context) -> Context {
        let base = self.base.take();
        let context = self.add_values_to(base.as_ref().unwrap_or(context).clone());
        match self.span_context {
            Some(span_context) => context.with_remote_span_context(span_context),
            None => context,
        }
    }

    /// Returns an empty context with all values except the span context, for a span whose parent is passed separately.
    ///
    /// The values are moved out of `self`. If there are none, this does not allocate.
    #[must_use]
    pub fn base_context(&mut self) -> Context {
        let base = self.base.take().unwrap_or_default();
        self.add_values_to(base)
    }

    fn add_values_to(&mut self, mut context: Context) -> Context {
        if let Some(baggage) = self.baggage.take() {
            context = context.with_baggage(baggage);
        }
        if let Some(unfit_members) = self.unfit_members.take() {
            context = context.with_value(unfit_members);
        }
        context
    }
}
