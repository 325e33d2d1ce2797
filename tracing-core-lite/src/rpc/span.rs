//! The span of one call, from its start to its only end.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use super::Failure;
use super::attribute::{ERROR_TYPE, STATUS_CODE};
use crate::error_class::CANCELLED;
use crate::span::{Recorder, Span};
use crate::unwind::PanicProbe;

/// Which end of the call this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending<'a> {
    /// With a response, and the code of that response.
    Succeeded(Option<&'a str>),
    Failed(Failure<'a>),
    Cancelled,
    Panicked,
}

/// The span of one call. It ends once.
///
/// If it is dropped before [`succeed`](Self::succeed) or [`fail`](Self::fail), the call is recorded as cancelled, and as failed with
/// a panic if it is dropped while the thread panics. See [the table](super#how-a-span-ends).
#[derive(Debug)]
pub struct RpcSpan {
    /// `None` once the call has ended.
    span: Option<Span>,
    context: Context,
    side: Side,
    probe: PanicProbe,
}

impl RpcSpan {
    pub(super) fn new(span: Span, parent: &Context, side: Side) -> Self {
        Self { context: span.in_context(parent), span: Some(span), side, probe: PanicProbe::start() }
    }

    /// Returns the context of the call. Spans that start in it become children of this span.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the ids of the span; invalid ones once the call has ended.
    #[must_use]
    pub fn span_context(&self) -> &SpanContext {
        self.span.as_ref().map_or(&SpanContext::NONE, Span::span_context)
    }

    /// Runs `write` if the span is recorded.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = &self.span {
            span.record(write);
        }
    }

    /// Ends the span of a call that succeeded.
    pub fn succeed(mut self) {
        self.end(Ending::Succeeded(None));
    }

    /// Ends the span of a call that succeeded with the code `code` (`rpc.response.status_code`).
    pub fn succeed_with(mut self, code: &str) {
        self.end(Ending::Succeeded(Some(code)));
    }

    /// Ends the span of a call that failed.
    pub fn fail(mut self, failure: &Failure<'_>) {
        self.end(Ending::Failed(*failure));
    }

    /// Ends the span of a cancelled call. Dropping this does the same.
    pub fn cancel(mut self) {
        self.end(Ending::Cancelled);
    }

    pub(super) fn end(&mut self, ending: Ending<'_>) {
        if let Some(span) = self.span.take() {
            span.end_with(|span| record_ending(span, self.side, ending));
        }
    }
}

impl Drop for RpcSpan {
    fn drop(&mut self) {
        self.end(if self.probe.has_panicked() { Ending::Panicked } else { Ending::Cancelled });
    }
}

fn record_ending(span: &mut Recorder<'_>, side: Side, ending: Ending<'_>) {
    match ending {
        Ending::Succeeded(code) => {
            span.set_some(STATUS_CODE, code);
        }
        Ending::Failed(failure) => {
            span.set_some(STATUS_CODE, failure.status_code);
            if failure.is_of_caller && side == Side::Server {
                span.set(ERROR_TYPE, failure.error_type);
            } else {
                span.failed(failure.error_type, failure.description);
            }
        }
        Ending::Cancelled => {
            span.add_event(CANCELLED, &[]);
            match side {
                Side::Client => span.failed(CANCELLED, ""),
                Side::Server => span.set(ERROR_TYPE, CANCELLED),
            };
        }
        Ending::Panicked => {
            span.record_panic();
        }
    }
}
