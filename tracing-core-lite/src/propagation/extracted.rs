//! What a carrier held.

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::tracestate::UnfitMembers;

/// What the formats of a [`Propagator`](super::Propagator) read from one carrier.
///
/// The fields are open, so that a trust policy can take away what it does not want before a context is made.
#[derive(Debug, Default)]
pub struct Extracted {
    /// The sender's span: remote and valid. `None`: a new trace starts here.
    pub span_context: Option<SpanContext>,
    /// The sender's baggage, never empty.
    pub baggage: Option<Baggage>,
    pub(super) unfit_members: Option<UnfitMembers>,
    /// The context to add to. A foreign propagator may have added values of its own.
    pub(super) base: Option<Context>,
}

impl Extracted {
    /// An empty context plus all that was read: the parent to start a span in.
    #[must_use]
    pub fn into_context(self) -> Context {
        self.add_to(&Context::new())
    }

    /// `context` plus all that was read, which replaces what `context` had of the same kind.
    pub(crate) fn add_to(mut self, context: &Context) -> Context {
        let base = self.base.take();
        let context = self.add_values_to(base.as_ref().unwrap_or(context).clone());
        match self.span_context {
            Some(span_context) => context.with_remote_span_context(span_context),
            None => context,
        }
    }

    /// An empty context plus all that was read but for the span context: for a span that is given its parent apart.
    ///
    /// What goes into the context is taken out of `self`. With nothing to put into it, nothing is allocated.
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
