//! A span that is recorded before its parent and its ids are known.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanKind};

use super::engine::Engine;
use super::handle::Span;
use super::new_context::{child, child_flags, root, root_flags};
use super::recorder::Recorder;
use super::slot::SlotHandle;
use crate::clock::Timestamp;
use crate::ids;
use crate::sampling::{Record, SamplingInput};

/// A span without ids, which is recorded in case that the sampler decides so. Dropping it discards what was recorded.
#[derive(Debug)]
pub(crate) struct Provisional(SlotHandle);

/// What a span becomes once its parent is known.
#[derive(Debug)]
pub(crate) struct Identity {
    record: Record,
    span_context: SpanContext,
    attributes: Vec<KeyValue>,
}

/// An identified span.
pub(crate) enum Identified {
    Recording(Span),
    NotRecording(SpanContext),
}

impl Provisional {
    /// Begins to record an internal span.
    #[inline]
    pub(crate) fn begin(engine: &Arc<Engine>, scope: u32, name: &str, start: Timestamp) -> Self {
        Self(SlotHandle::acquire(
            engine,
            scope,
            || SpanContext::NONE,
            |record| record.begin(name.into(), &SpanKind::Internal, None, 0, start),
        ))
    }

    /// Runs `write` on the span. Nothing is locked meanwhile.
    #[inline]
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some((record, _, engine)) = self.0.unshared() {
            write(&mut Recorder::own(record, engine.limits()));
        }
    }

    /// Returns what a sampler wants to know.
    pub(crate) fn sampling_input(&mut self) -> Option<(Arc<Engine>, String, SpanKind)> {
        let (record, _, engine) = self.0.unshared()?;
        Some((Arc::clone(engine), record.name_text().to_owned(), record.kind()))
    }

    /// Returns the identity of a child of `parent`, or of a root, of which it is known whether it is recorded.
    #[inline]
    pub(crate) fn known_identity(&mut self, parent: &SpanContext, record: Record) -> Option<Identity> {
        let (_, _, engine) = self.0.unshared()?;
        let sampled = record == Record::RecordAndSample;
        let span_context = match parent.is_valid() {
            true => child(parent, child_flags(parent, sampled)),
            false => root(root_flags(engine, sampled)),
        };
        Some(Identity { record, span_context, attributes: Vec::new() })
    }

    /// Discards a span of which the parent is not recorded either.
    pub(crate) fn discard(mut self, parent: &SpanContext) {
        if let Some((_, _, engine)) = self.0.unshared() {
            engine.count_started(Record::Drop, Some(parent));
        }
    }

    /// Gives the span its ids.
    #[inline]
    pub(crate) fn identify(mut self, parent: &SpanContext, identity: Identity) -> Identified {
        let Identity { record: decision, span_context, attributes } = identity;
        if let Some((_, _, engine)) = self.0.unshared() {
            engine.count_started(decision, Some(parent));
        }
        if decision == Record::Drop {
            return Identified::NotRecording(span_context);
        }
        let Some((record, own, engine)) = self.0.unshared() else {
            return Identified::NotRecording(span_context);
        };
        let parent = Some(parent).filter(|parent| parent.is_valid());
        record.set_parent(parent, span_context.trace_flags().to_u8());
        *own = span_context;
        if !attributes.is_empty() {
            Recorder::own(record, engine.limits()).set_otel(attributes);
        }
        Identified::Recording(Span::recording(self.0))
    }
}

impl Identity {
    /// Asks the sampler of `engine` about a child of `parent`, or a root.
    pub(crate) fn ask(engine: &Engine, parent: &SpanContext, name: &str, kind: &SpanKind) -> Self {
        let parent = Some(parent).filter(|parent| parent.is_valid());
        let trace_id = parent.map_or_else(ids::trace_id, SpanContext::trace_id);
        let decision = engine.sampler().sample(&SamplingInput::new(parent, trace_id, name, kind));
        let sampled = decision.record == Record::RecordAndSample;
        let flags = match parent {
            Some(parent) => child_flags(parent, sampled),
            None => root_flags(engine, sampled),
        };
        let inherited = || parent.map(|parent| parent.trace_state().clone()).unwrap_or_default();
        let trace_state = decision.trace_state.unwrap_or_else(inherited);
        let span_context = SpanContext::new(trace_id, ids::span_id(), flags, false, trace_state);
        Self { record: decision.record, span_context, attributes: decision.attributes }
    }
}

/// Returns the decision about every child of `parent`, or about every root, if there is one.
#[inline]
pub(crate) fn known_decision(engine: &Engine, parent: &SpanContext) -> Option<Record> {
    match parent.is_valid() {
        true => engine.sampler().sample_children_of(parent),
        false => engine.sampler().sample_roots(),
    }
}
