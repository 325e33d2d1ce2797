//! The sender of a message.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::Attempt;
use crate::propagation::Extracted;
use crate::propagation::received::Received;
use crate::span::Recorder;

/// The sender of a message: its span, its baggage, and the number of the attempt.
///
/// A message from a client without tracing has none of these. Its processing starts a new trace.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    span_context: Option<SpanContext>,
    /// Everything that was extracted, except the span.
    base: Context,
    attempt: Attempt,
}

impl Origin {
    pub(super) fn new(mut extracted: Extracted, attempt: Attempt) -> Self {
        let base = extracted.base_context();
        Self { span_context: extracted.span_context, base, attempt }
    }

    /// Returns the span that sent the message.
    #[must_use]
    pub fn span_context(&self) -> Option<&SpanContext> {
        self.span_context.as_ref()
    }

    /// Returns a context with the sender's span and baggage.
    #[must_use]
    pub fn context(&self) -> Context {
        match &self.span_context {
            Some(span_context) => self.base.with_remote_span_context(span_context.clone()),
            None => self.base.clone(),
        }
    }

    /// Returns a context with the sender's baggage alone.
    pub(super) fn base(&self) -> &Context {
        &self.base
    }

    /// Adds links to a sender that is not trusted, for spans that do not start from this message alone.
    pub(super) fn record_untrusted(&self, span: &mut Recorder<'_>) {
        if let Some(received) = Received::of(&self.base, None).filter(|_| self.span_context.is_none()) {
            received.record_links(span);
        }
    }

    /// Returns the number of the attempt at the message.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Sets the number of earlier attempts, for systems that count redeliveries themselves. A higher number in the
    /// message's headers takes precedence.
    #[must_use]
    pub fn with_earlier_attempts(mut self, count: u32) -> Self {
        self.attempt = self.attempt.at_least(count.saturating_add(1));
        self
    }

    /// Returns the attempt that results from publishing the message again.
    #[must_use]
    pub fn next_attempt(&self) -> Attempt {
        self.attempt.next(self.span_context.as_ref())
    }

    /// Returns the spans that a span of this message follows from: the sender, and the first sender if that is another
    /// span.
    pub(super) fn senders(&self) -> impl Iterator<Item = &SpanContext> {
        let first = self.attempt.first().filter(|first| {
            self.span_context.as_ref().is_none_or(|sender| sender.span_id() != first.span_id())
        });
        self.span_context.iter().chain(first)
    }
}
