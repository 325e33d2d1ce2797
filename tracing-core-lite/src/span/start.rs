//! Starts spans that this crate records: resolves the parent, asks the sampler, makes the ids.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceId};

use super::builder::SpanBuilder;
use super::engine::Engine;
use super::handle::Span;
use super::new_context::{child, child_flags, root, root_flags, unchanged_child};
use super::recorder::Recorder;
use super::slot::SlotHandle;
use crate::clock::Timestamp;
use crate::context::is_suppressed;
use crate::ids;
use crate::propagation::received::Received;
use crate::quality::live_quality::{FILE, LINE};
use crate::sampling::{Record, RequestView, SamplingDecision, SamplingInput};

impl SpanBuilder<'_> {
    #[inline]
    pub(super) fn start_own(
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
    #[inline(always)]
    fn locate(&self, engine: &Engine, recorder: &mut Recorder<'_>) {
        if engine.quality().is_some() {
            self.locate_internal(recorder);
        }
    }

    #[cold]
    fn locate_internal(&self, recorder: &mut Recorder<'_>) {
        if self.kind == SpanKind::Internal {
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
}

/// Returns the decision about a recorded span with these flags.
#[inline(always)]
fn recorded(flags: TraceFlags) -> Record {
    if flags.is_sampled() { Record::RecordAndSample } else { Record::RecordOnly }
}
