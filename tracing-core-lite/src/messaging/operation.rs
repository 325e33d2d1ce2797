//! What is done with messages.

use opentelemetry::trace::SpanKind;

use super::Destination;

/// The kinds of operations that all messaging systems share: `messaging.operation.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationType {
    /// Giving messages to the system. Span kind producer.
    Send,
    /// Asking the system for messages. Span kind client.
    Receive,
    /// Working on messages. Span kind consumer.
    Process,
    /// Telling the system what became of messages. Span kind client.
    Settle,
}

impl OperationType {
    /// The value of `messaging.operation.type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Process => "process",
            Self::Settle => "settle",
        }
    }

    /// The kind of spans (semantic conventions for messaging spans, section "Span kind").
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
pub struct Operation<'a> {
    /// Its type.
    pub kind: OperationType,
    /// How the system calls it: `messaging.operation.name`, and the first word of the span's name.
    pub name: &'static str,
    /// Where the messages are.
    pub destination: Destination<'a>,
}

impl<'a> Operation<'a> {
    /// An operation that has its type's name.
    #[must_use]
    pub fn new(kind: OperationType, destination: Destination<'a>) -> Self {
        Self { kind, name: kind.as_str(), destination }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}
