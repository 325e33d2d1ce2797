//! What a message says about where it came from.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::Attempt;
use crate::propagation::Extracted;

/// The sender of a message: its span, its baggage, and which attempt the message is.
///
/// A message from a client that is not traced has none of it; everything that takes an origin then starts anew.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    span_context: Option<SpanContext>,
    /// Baggage, and what else but the span was extracted.
    base: Context,
    attempt: Attempt,
}

impl Origin {
    pub(super) fn new(mut extracted: Extracted, attempt: Attempt) -> Self {
        let base = extracted.base_context();
        Self { span_context: extracted.span_context, base, attempt }
    }

    /// The span that sent the message.
    #[must_use]
    pub fn span_context(&self) -> Option<&SpanContext> {
        self.span_context.as_ref()
    }

    /// A context with the sender's span and baggage.
    #[must_use]
    pub fn context(&self) -> Context {
        match &self.span_context {
            Some(span_context) => self.base.with_remote_span_context(span_context.clone()),
            None => self.base.clone(),
        }
    }

    /// A context with the sender's baggage alone.
    pub(super) fn base(&self) -> &Context {
        &self.base
    }

    /// Which attempt the message is.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The same sender, of a message that was tried `times` times before, if its headers do not say that it was more. For
    /// systems that count themselves.
    #[must_use]
    pub fn tried(mut self, times: u32) -> Self {
        self.attempt = self.attempt.at_least(times.saturating_add(1));
        self
    }

    /// The attempt that publishing the message again makes.
    #[must_use]
    pub fn next_attempt(&self) -> Attempt {
        self.attempt.next(self.span_context.as_ref())
    }

    /// The spans that a span of this message follows from: the sender, and the first sender when that is another.
    pub(super) fn senders(&self) -> impl Iterator<Item = &SpanContext> {
        let first = self.attempt.first().filter(|first| {
            self.span_context.as_ref().is_none_or(|sender| sender.span_id() != first.span_id())
        });
        self.span_context.iter().chain(first)
    }
}
