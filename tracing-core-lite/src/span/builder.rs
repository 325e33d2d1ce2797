//! Starts spans: resolves the parent, asks the sampler, makes the ids.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState};

use super::engine::Engine;
use super::foreign_start::{self, Started};
use super::foreign_tracer::ForeignTracer;
use super::handle::Span;
use super::name::SpanName;
use super::recorder::Recorder;
use super::slot::SlotHandle;
use super::source::{Resolved, SpanSource};
use crate::clock::Timestamp;
use crate::context::is_suppressed;
use crate::cost::{Part, Section};
use crate::ids;
use crate::propagation::received::Received;
use crate::quality::live_quality::{FILE, LINE};
use crate::sampling::{Record, RequestView, SamplingDecision, SamplingInput};

/// The W3C Trace Context Level 2 flag that says that at least the low 56 bits of the trace id are random.
const RANDOM: u8 = 0x02;

/// A builder for a span, made by [`Tracer::span`](crate::Tracer::span).
///
/// If no parent is set, the span becomes a child of [`Context::current`].
#[must_use = "a span starts with `start` or `start_with`"]
pub struct SpanBuilder<'a> {
    source: &'a SpanSource,
    name: SpanName<'a>,
    kind: SpanKind,
    parent: Option<&'a Context>,
    remote_parent: Option<&'a SpanContext>,
    start_time: Option<Timestamp>,
    request: Option<&'a dyn RequestView>,
    /// Where the span is started.
    location: &'static Location<'static>,
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

    #[inline]
    fn start_own(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        context: &Context,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let context_span = context.span();
        let parent = self.remote_parent.unwrap_or_else(|| context_span.span_context());
        if engine.is_off() || is_suppressed(context) {
            return Span::not_recording(parent.clone());
        }
        let parent = Some(parent).filter(|parent| parent.is_valid());
        if let Some(received) = Received::of(context, parent) {
            return self.start_received(engine, scope, (parent, context), received, write);
        }
        self.start_by_sampler(engine, scope, parent, context, write)
    }

    /// Starts a span as its parent or the sampler decides.
    #[inline]
    pub(crate) fn start_by_sampler(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        parent: Option<&SpanContext>,
        context: &Context,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        // Most spans have a parent that decides, so the sampler is not called.
        if let Some(parent) = parent
            && let Some(record) = engine.sampler().sample_children_of(parent)
        {
            return self.start_child(engine, scope, parent, record, write);
        }
        self.start_sampled(engine, scope, parent, context, write)
    }

    /// Asks the sampler about this span.
    pub(super) fn ask(
        &self,
        engine: &Engine,
        parent: Option<&SpanContext>,
        trace_id: TraceId,
        context: &Context,
    ) -> SamplingDecision {
        self.ask_of(engine, parent, trace_id, context, self.request)
    }

    #[inline]
    fn ask_of(
        &self,
        engine: &Engine,
        parent: Option<&SpanContext>,
        trace_id: TraceId,
        context: &Context,
        request: Option<&dyn RequestView>,
    ) -> SamplingDecision {
        self.name.with_text(|name| {
            let service_name = engine.service_name();
            let input =
                SamplingInput::of_start(parent, trace_id, (name, &self.kind), service_name, context, request);
            engine.sampler().sample(&input)
        })
    }

    /// Whether a budget may switch off the span.
    #[cold]
    fn is_expendable(&self, parent: &SpanContext) -> bool {
        self.kind == SpanKind::Internal && !parent.is_remote()
    }

    /// Starts a child of `parent`, whose decision it follows.
    #[inline]
    pub(crate) fn start_child(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        parent: &SpanContext,
        record: Record,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        if record == Record::Drop {
            engine.count_started(record, Some(parent));
            return Span::not_recording(unchanged_child(parent, record));
        }
        if engine.is_switched_off(scope) && self.is_expendable(parent) {
            engine.count_started(Record::Drop, Some(parent));
            return Span::not_recording(parent.clone());
        }
        let flags = child_flags(parent, record == Record::RecordAndSample);
        self.record(engine, scope, Some(parent), flags, || child(parent, flags), write)
    }

    /// Starts a span after asking the sampler.
    #[inline]
    pub(crate) fn start_sampled(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        parent: Option<&SpanContext>,
        context: &Context,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        // The usual samplers treat all roots alike.
        if parent.is_none()
            && let Some(record) = engine.sampler().sample_roots()
        {
            return self.start_root(engine, scope, record, write);
        }
        self.start_asked(engine, scope, parent, (context, self.request), write)
    }

    /// Like [`start_sampled`](SpanBuilder::start_sampled), with a view of the request that is made only if the sampler is
    /// asked.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn start_sampled_of<V: RequestView>(
        &self,
        (engine, scope): (&Arc<Engine>, u32),
        parent: Option<&SpanContext>,
        context: &Context,
        request: impl FnOnce() -> V,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        if parent.is_none()
            && let Some(record) = engine.sampler().sample_roots()
        {
            return self.start_root(engine, scope, record, write);
        }
        let request = request();
        self.start_asked(engine, scope, parent, (context, Some(&request)), write)
    }

    /// Starts a root of which it is known whether it is recorded.
    #[inline]
    pub(super) fn start_root(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        record: Record,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let flags = root_flags(engine, record == Record::RecordAndSample);
        if record == Record::Drop {
            engine.count_started(record, None);
            return Span::not_recording(root(flags));
        }
        self.record(
            engine,
            scope,
            None,
            flags,
            || root(flags),
            |recorder| {
                write(recorder);
                self.locate(engine, recorder);
            },
        )
    }

    /// Starts a span whose name and kind the sampler asks for.
    fn start_asked(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        parent: Option<&SpanContext>,
        (context, request): (&Context, Option<&dyn RequestView>),
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        if let Some(parent) = parent
            && engine.is_switched_off(scope)
            && self.is_expendable(parent)
        {
            engine.count_started(Record::Drop, Some(parent));
            return Span::not_recording(parent.clone());
        }
        let trace_id = parent.map_or_else(ids::trace_id, SpanContext::trace_id);
        let decision = self.ask_of(engine, parent, trace_id, context, request);
        let sampled = decision.record == Record::RecordAndSample;
        if let Some(parent) = parent
            && let Some(quality) = engine.quality()
            && parent.is_sampled() != sampled
        {
            self.name.with_text(|name| quality.disagrees(parent, sampled, name));
        }
        let flags = match parent {
            Some(parent) => child_flags(parent, sampled),
            None => root_flags(engine, sampled),
        };
        let trace_state = match decision.trace_state {
            Some(changed) => changed,
            None => parent.map(|parent| parent.trace_state().clone()).unwrap_or_default(),
        };
        let span_context = || SpanContext::new(trace_id, ids::span_id(), flags, false, trace_state);
        if decision.record == Record::Drop {
            engine.count_started(decision.record, parent);
            return Span::not_recording(span_context());
        }
        self.record(engine, scope, parent, flags, span_context, |recorder| {
            write(recorder);
            recorder.set_otel(decision.attributes);
            if parent.is_none() {
                self.locate(engine, recorder);
            }
        })
    }

    /// Records where an internal root was started, if something looks for lost context.
    #[inline]
    fn locate(&self, engine: &Engine, recorder: &mut Recorder<'_>) {
        if engine.quality().is_some() && self.kind == SpanKind::Internal {
            recorder.set(FILE, self.location.file()).set(LINE, i64::from(self.location.line()));
        }
    }

    #[inline]
    pub(super) fn record(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        parent: Option<&SpanContext>,
        flags: TraceFlags,
        span_context: impl FnOnce() -> SpanContext,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let start = self.start_time.unwrap_or_else(Timestamp::now);
        engine.count_started(recorded(flags), parent);
        Span::recording(SlotHandle::acquire(engine, scope, span_context, |record| {
            record.begin(self.name, &self.kind, parent, flags.to_u8(), start);
            write(&mut Recorder::own(record, engine.limits()));
        }))
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

/// Returns the decision about a recorded span with these flags.
#[inline(always)]
fn recorded(flags: TraceFlags) -> Record {
    if flags.is_sampled() { Record::RecordAndSample } else { Record::RecordOnly }
}

/// Returns the span context of a new child of `parent` with the same tracestate.
#[inline(always)]
pub(crate) fn unchanged_child(parent: &SpanContext, record: Record) -> SpanContext {
    child(parent, child_flags(parent, record == Record::RecordAndSample))
}

#[inline(always)]
pub(super) fn child(parent: &SpanContext, flags: TraceFlags) -> SpanContext {
    SpanContext::new(parent.trace_id(), ids::span_id(), flags, false, parent.trace_state().clone())
}

/// Returns the span context of a new root.
#[inline(always)]
pub(super) fn root(flags: TraceFlags) -> SpanContext {
    SpanContext::new(ids::trace_id(), ids::span_id(), flags, false, TraceState::NONE)
}

/// A child keeps its parent's random flag, as it keeps the trace id.
#[inline]
pub(super) fn child_flags(parent: &SpanContext, sampled: bool) -> TraceFlags {
    TraceFlags::new(parent.trace_flags().to_u8() & RANDOM).with_sampled(sampled)
}

/// The trace id of a root is random, but some peers reject the flag that says so.
#[inline]
pub(super) fn root_flags(engine: &Engine, sampled: bool) -> TraceFlags {
    TraceFlags::new(if engine.sets_random_flag() { RANDOM } else { 0 }).with_sampled(sampled)
}
