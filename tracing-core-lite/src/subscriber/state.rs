//! The state of an open span of `tracing`.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::timing::Timing;
use crate::Span;
use crate::clock::Timestamp;
use crate::sampling::Record;
use crate::span::provisional::{Identified, Identity, Provisional};
use crate::span::writer::SpanWriter;

#[derive(Debug)]
pub(super) enum State {
    /// Recorded until the sampler decides. It has no ids yet.
    Pending(Pending),
    /// Recorded, with ids.
    Recording(Recording),
    /// Not recorded. Its context is that of the parent if that is not recorded either.
    NotRecording {
        context: Context,
        /// Whether its parent can still change.
        is_pending: bool,
    },
    /// The span of a tower layer, which that layer ends.
    Adopted(Adopted),
}

#[derive(Debug)]
pub(super) struct Adopted {
    pub(super) context: Context,
    /// `None` if this crate does not record the span.
    pub(super) writer: Option<SpanWriter>,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) span: Provisional,
    pub(super) parent: Context,
    pub(super) decision: Decision,
    pub(super) timing: Option<Timing>,
}

/// The state of the sampler's decision about a span.
#[derive(Debug)]
pub(super) enum Decision {
    /// It is the same for all children of the parent.
    Known(Record),
    /// The sampler has to be asked.
    Unknown,
    /// The sampler has been asked.
    Answered(Box<Identity>),
}

#[derive(Debug)]
pub(super) struct Recording {
    pub(super) span: Span,
    /// The parent's context, until the span's own is needed.
    context: Context,
    has_own_context: bool,
    pub(super) last_exit: Option<Timestamp>,
    pub(super) timing: Option<Timing>,
}

impl Pending {
    /// Gives the span its ids. Returns it unchanged if the sampler must be asked first.
    #[inline]
    pub(super) fn decide(mut self) -> Result<State, Self> {
        let parent = self.parent.span();
        let identity = match self.decision {
            // Children of an unsampled span share its context.
            Decision::Known(Record::Drop) if parent.span_context().is_valid() => {
                self.span.discard(parent.span_context());
                return Ok(State::NotRecording { context: self.parent, is_pending: false });
            }
            Decision::Known(record) => self.span.known_identity(parent.span_context(), record),
            Decision::Answered(identity) => Some(*identity),
            Decision::Unknown => return Err(Self { decision: Decision::Unknown, ..self }),
        };
        let identified = match identity {
            Some(identity) => self.span.identify(parent.span_context(), identity),
            None => Identified::NotRecording(SpanContext::NONE),
        };
        Ok(match identified {
            Identified::Recording(span) => State::Recording(Recording {
                span,
                context: self.parent,
                has_own_context: false,
                last_exit: None,
                timing: self.timing,
            }),
            Identified::NotRecording(span_context) => State::NotRecording {
                context: self.parent.with_remote_span_context(span_context),
                is_pending: false,
            },
        })
    }
}

impl Recording {
    /// Returns the span's own context, and that of its parent when this is the first call. The caller drops both while
    /// nothing is locked.
    #[inline]
    pub(super) fn context(&mut self) -> (Context, Option<Context>) {
        if self.has_own_context {
            return (self.context.clone(), None);
        }
        let own = self.span.in_context(&self.context);
        self.has_own_context = true;
        let parent = std::mem::replace(&mut self.context, own.clone());
        (own, Some(parent))
    }

    /// Ends the span: at the last exit, or now if it was never entered.
    pub(super) fn end(self) {
        let Self { span, context, last_exit, timing, .. } = self;
        // The context shares the span. A span ends without taking a lock if it has one owner.
        drop(context);
        let end = last_exit.unwrap_or_else(Timestamp::now);
        span.end_with_at(end, |span| {
            if let Some(timing) = timing {
                timing.write(span);
            }
            if span.has_panicked() {
                span.record_panic();
            }
        });
    }
}

impl State {
    /// Returns a handle that writes to the span, if it has ids and is recorded.
    #[inline]
    pub(super) fn writer(&self) -> Option<SpanWriter> {
        match self {
            Self::Recording(recording) => recording.span.writer(),
            Self::Adopted(adopted) => adopted.writer.clone(),
            _ => None,
        }
    }

    /// Returns the span's context, for a span that has ids, and what the caller drops while nothing is locked.
    #[inline]
    pub(super) fn context(&mut self) -> (Option<Context>, Option<Context>) {
        match self {
            Self::Pending(_) => (None, None),
            Self::Recording(recording) => {
                let (own, parent) = recording.context();
                (Some(own), parent)
            }
            Self::NotRecording { context, is_pending } => {
                *is_pending = false;
                (Some(context.clone()), None)
            }
            Self::Adopted(adopted) => (Some(adopted.context.clone()), None),
        }
    }

    #[inline]
    pub(super) fn timing(&mut self) -> Option<&mut Timing> {
        match self {
            Self::Pending(pending) => pending.timing.as_mut(),
            Self::Recording(recording) => recording.timing.as_mut(),
            _ => None,
        }
    }
}
