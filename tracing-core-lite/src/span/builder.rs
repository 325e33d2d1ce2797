//! The builder of a span.

use std::fmt;
use std::panic::Location;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt};

use super::foreign_start::{self, Started};
use super::foreign_tracer::ForeignTracer;
use super::handle::Span;
use super::name::SpanName;
use super::recorder::Recorder;
use super::source::{Resolved, SpanSource};
use crate::clock::Timestamp;
use crate::context::is_suppressed;
use crate::cost::{Part, Section};
use crate::propagation::received::Received;
use crate::sampling::RequestView;

/// A builder for a span, made by [`Tracer::span`](crate::Tracer::span).
///
/// If no parent is set, the span becomes a child of [`Context::current`].
#[must_use = "a span starts with `start` or `start_with`"]
pub struct SpanBuilder<'a> {
    pub(super) source: &'a SpanSource,
    pub(super) name: SpanName<'a>,
    pub(super) kind: SpanKind,
    pub(super) parent: Option<&'a Context>,
    pub(super) remote_parent: Option<&'a SpanContext>,
    pub(super) start_time: Option<Timestamp>,
    pub(super) request: Option<&'a dyn RequestView>,
    /// Where the span is started.
    pub(super) location: &'static Location<'static>,
}

impl fmt::Debug for SpanBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanBuilder")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("parent", &self.parent)
            .field("remote_parent", &self.remote_parent)
            .field("start_time", &self.start_time)
            .finish_non_exhaustive()
    }
}

impl<'a> SpanBuilder<'a> {
    #[inline]
    #[track_caller]
    pub(crate) fn new(source: &'a SpanSource, name: SpanName<'a>) -> Self {
        Self {
            source,
            name,
            kind: SpanKind::Internal,
            parent: None,
            remote_parent: None,
            start_time: None,
            request: None,
            location: Location::caller(),
        }
    }

    /// Sets the kind. The default is internal.
    #[inline]
    pub fn with_kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Makes the span a child of the span in `parent`, or a root if `parent` has none.
    #[inline]
    pub fn with_parent(mut self, parent: &'a Context) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Makes the span a child of a span of another process, instead of the span of the parent context.
    ///
    /// An invalid `span_context` makes the span a root.
    #[inline]
    pub fn with_remote_parent(mut self, span_context: &'a SpanContext) -> Self {
        self.remote_parent = Some(span_context);
        self
    }

    /// Sets the start time. The default is now.
    pub fn with_start_time(mut self, time: impl Into<Timestamp>) -> Self {
        self.start_time = Some(time.into());
        self
    }

    /// Sets what the sampler can ask about the request that the span is for. By default it sees no attributes.
    ///
    /// ```
    /// use tracing_core_lite::TracerProvider;
    ///
    /// # let provider = TracerProvider::builder().build()?;
    /// let known = [("shop.tier", "gold".into())];
    /// let span = provider.tracer("shop").span("import").with_request(&known).start_with(|span| {
    ///     span.set("shop.tier", "gold");
    /// });
    /// # span.end();
    /// # Ok::<(), tracing_core_lite::BuildError>(())
    /// ```
    #[inline]
    pub fn with_request(mut self, request: &'a dyn RequestView) -> Self {
        self.request = Some(request);
        self
    }

    /// Starts the span.
    pub fn start(self) -> Span {
        self.start_with(|_| {})
    }

    /// Starts the span. If it is recorded, `write` sets its first attributes, which is cheaper than setting
    /// them later.
    #[inline]
    pub fn start_with(self, write: impl FnOnce(&mut Recorder<'_>)) -> Span {
        if Section::is_due() {
            return self.start_timed(write);
        }
        self.start_untimed(write)
    }

    #[inline(always)]
    fn start_untimed(&self, write: impl FnOnce(&mut Recorder<'_>)) -> Span {
        match self.parent {
            Some(parent) => self.start_in(parent, write),
            // A clone, since `write` may attach contexts.
            None => self.start_in(&Context::current(), write),
        }
    }

    #[cold]
    #[inline(never)]
    fn start_timed(&self, write: impl FnOnce(&mut Recorder<'_>)) -> Span {
        let section = Section::begin_timed();
        let span = self.start_untimed(write);
        self.source.resolve(|resolved| {
            if let Resolved::Engine(engine, _) = resolved {
                section.end(engine.account(), Part::Start { recorded: span.is_recording() });
            }
        });
        span
    }

    fn start_in(&self, context: &Context, write: impl FnOnce(&mut Recorder<'_>)) -> Span {
        self.source.resolve(|resolved| match resolved {
            Resolved::Engine(engine, scope) => self.start_own(engine, scope, context, write),
            Resolved::Global(tracer) => self.start_foreign(tracer, context, write),
        })
    }

    #[cold]
    pub(crate) fn start_foreign(
        &self,
        tracer: &ForeignTracer,
        context: &Context,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        if is_suppressed(context) {
            let parent = self.remote_parent.cloned();
            return Span::not_recording(parent.unwrap_or_else(|| context.span().span_context().clone()));
        }
        let with_remote;
        let parent = match self.remote_parent {
            Some(remote) if remote.is_valid() && context.span().span_context() == remote => context,
            Some(remote) if remote.is_valid() => {
                with_remote = context.with_remote_span_context(remote.clone());
                &with_remote
            }
            // Another SDK treats a context with an invalid span as an unsampled parent.
            Some(_) if context.has_active_span() => {
                with_remote = Context::new();
                &with_remote
            }
            _ => context,
        };
        let mut builder = opentelemetry::trace::SpanBuilder::from_name(self.name.into_string());
        builder.span_kind = Some(self.kind.clone());
        let started = foreign_start::start(tracer, builder, parent, context, self.start_time, |recorder| {
            let parent = parent.span();
            let parent = Some(parent.span_context()).filter(|parent| parent.is_valid());
            if let Some(received) = Received::of(context, parent) {
                received.record(recorder);
            }
            write(recorder);
        });
        match started {
            Started::Recorded(span) => Span::foreign(span),
            Started::NotRecorded(span_context) => Span::not_recording(span_context),
        }
    }
}
