//! Spans whose request says more about sampling than the sampled flag of its parent.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceFlags, TraceId};

use super::builder::SpanBuilder;
use super::engine::Engine;
use super::handle::Span;
use super::new_context::child_flags;
use super::recorder::Recorder;
use crate::ids;
use crate::propagation::received::{Authority, Received};
use crate::sampling::Record;
use crate::sampling::consistent::{OtTraceState, Randomness};

impl SpanBuilder<'_> {
    /// Starts the span of a request about which `received` is known.
    pub(crate) fn start_received(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        (parent, context): (Option<&SpanContext>, &Context),
        received: &Received,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let write = |recorder: &mut Recorder<'_>| {
            received.record(recorder);
            write(recorder);
        };
        if let (Some(trace_id), None) = (received.trace_of_root(), parent) {
            return self.start_root_of(engine, scope, (trace_id, context), received.authority(), write);
        }
        match (received.authority(), parent) {
            (Authority::AsRoot, Some(parent)) => {
                let randomness = OtTraceState::of(parent.trace_state()).randomness();
                self.start_as_root(engine, scope, (parent, context), randomness, write)
            }
            (Authority::Anew, Some(parent)) => {
                let drawn = Some(Randomness::from_trace_id(ids::trace_id()));
                self.start_as_root(engine, scope, (parent, context), drawn, write)
            }
            (Authority::Request { is_sampled }, parent) => {
                let record = if is_sampled { Record::RecordAndSample } else { Record::Drop };
                match parent {
                    Some(parent) => self.start_child(engine, scope, parent, record, write),
                    None => self.start_root(engine, scope, record, write),
                }
            }
            (_, parent) => self.start_by_sampler(engine, scope, parent, context, write),
        }
    }

    /// Starts the root of a trace whose id the sender has chosen.
    fn start_root_of(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        (trace_id, context): (TraceId, &Context),
        authority: Authority,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let decision = match (authority, engine.sampler().sample_roots()) {
            (Authority::Request { is_sampled: true }, _) => Record::RecordAndSample.into(),
            (Authority::Request { is_sampled: false }, _) => Record::Drop.into(),
            (_, Some(record)) => record.into(),
            (_, None) => self.ask(engine, None, trace_id, context),
        };
        // Nothing says that the id is random.
        let flags = TraceFlags::default().with_sampled(decision.record == Record::RecordAndSample);
        let trace_state = decision.trace_state.unwrap_or_default();
        let span_context = || SpanContext::new(trace_id, ids::span_id(), flags, false, trace_state);
        if decision.record == Record::Drop {
            engine.count_started(decision.record, None);
            return Span::not_recording(span_context());
        }
        self.record(engine, scope, None, flags, span_context, |recorder| {
            write(recorder);
            recorder.set_otel(decision.attributes);
        })
    }

    /// Starts a child of `parent`, about which the sampler decides as about a root. `randomness` replaces that of the trace
    /// id, and is sent on.
    fn start_as_root(
        &self,
        engine: &Arc<Engine>,
        scope: u32,
        (parent, context): (&SpanContext, &Context),
        randomness: Option<Randomness>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let decision = match engine.sampler().sample_roots() {
            Some(record) => record.into(),
            None => self.ask(engine, None, trace_id_of(parent, randomness), context),
        };
        let sampled = decision.record == Record::RecordAndSample;
        let flags = child_flags(parent, sampled);
        let mut ot = OtTraceState::of(parent.trace_state());
        ot.set_threshold(
            decision.trace_state.as_ref().and_then(|changed| OtTraceState::of(changed).threshold()),
        );
        if let Some(randomness) = randomness {
            ot.set_randomness(randomness);
        }
        let trace_state = ot.put_into(parent.trace_state());
        let trace_id = parent.trace_id();
        let span_context = || SpanContext::new(trace_id, ids::span_id(), flags, false, trace_state);
        if decision.record == Record::Drop {
            engine.count_started(decision.record, Some(parent));
            return Span::not_recording(span_context());
        }
        self.record(engine, scope, Some(parent), flags, span_context, |recorder| {
            write(recorder);
            recorder.set_otel(decision.attributes);
        })
    }
}

/// Returns the id from which samplers take the randomness of a trace.
fn trace_id_of(parent: &SpanContext, randomness: Option<Randomness>) -> TraceId {
    /// Samplers read the low bits. The others must not all be zero.
    const VALID: u128 = 1 << 127;
    match randomness {
        Some(randomness) => TraceId::from(VALID | u128::from(randomness.get())),
        None => parent.trace_id(),
    }
}
