//! Operations on messages.

use opentelemetry::trace::SpanKind;

use super::Destination;

/// The kinds of operations that all messaging systems share: `messaging.operation.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationType {
    /// Handing messages to the system. Span kind producer.
    Send,
    /// Requesting messages from the system. Span kind client.
    Receive,
    /// Working on messages. Span kind consumer.
    Process,
    /// Reporting the outcome of messages to the system. Span kind client.
    Settle,
}

impl OperationType {
    /// Returns the value of `messaging.operation.type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Process => "process",
            Self::Settle => "settle",
        }
    }

    /// Returns the kind of the spans (semantic conventions for messaging spans, section "Span kind").
    #[must_use]
    pub fn span_kind(self) -> SpanKind {
        match self {
            Self::Send => SpanKind::Producer,
            Self::Process => SpanKind::Consumer,
            Self::Receive | Self::Settle => SpanKind::Client,
        }
    }
}

/// One operation on one destination.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MessagingOperation<'a> {
    /// The kind of the operation.
    pub kind: OperationType,
    /// The system's own name of the operation: `messaging.operation.name`, and the first word of the span's name.
    pub name: &'static str,
    /// The destination of the messages.
    pub destination: Destination<'a>,
}

impl<'a> MessagingOperation<'a> {
    /// Creates an operation that is named after its kind.
    #[must_use]
    pub fn new(kind: OperationType, destination: Destination<'a>) -> Self {
        Self { kind, name: kind.as_str(), destination }
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}
