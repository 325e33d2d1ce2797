//! The start of a span, and the decision about its parent and its ids.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::Metadata;
use tracing::span::Attributes;

use super::fields::SpanFields;
use super::layer::SpanLayer;
use super::options::Options;
use super::state::{Decision, Pending, State};
use super::timing::Timing;
use crate::clock::Timestamp;
use crate::context::is_suppressed;
use crate::cost::Section;
use crate::sampling::Record;
use crate::span::engine::Engine;
use crate::span::provisional::{Identity, Provisional, known_decision};
use crate::span::source::Resolved;
use std::sync::Arc;

/// A pending call of the sampler, which is made while nothing is locked.
struct Question {
    engine: Arc<Engine>,
    parent: SpanContext,
    name: String,
    kind: opentelemetry::trace::SpanKind,
}

impl Question {
    fn of(pending: &mut Pending) -> Option<Self> {
        let parent = pending.parent.span().span_context().clone();
        let (engine, name, kind) = pending.span.sampling_input()?;
        Some(Self { engine, parent, name, kind })
    }

    fn ask(&self) -> Decision {
        Decision::Answered(Box::new(Identity::ask(&self.engine, &self.parent, &self.name, &self.kind)))
    }
}

/// A step towards a span's ids.
enum Step<R> {
    Done(R),
    Ask(Question),
}

impl SpanLayer {
    /// Returns the context in which a new span starts.
    #[inline]
    pub(super) fn parent_of(&self, attributes: &Attributes<'_>) -> Context {
        if attributes.is_contextual() {
            return Context::current();
        }
        // A parent that a filter hides from this layer is ignored.
        let parent = attributes.parent().and_then(|parent| self.context_of(parent.into_u64()));
        parent.unwrap_or_default()
    }

    /// Starts a span in `parent`. Returns `None` if it is not traced at all.
    #[inline]
    pub(super) fn start(&self, attributes: &Attributes<'_>, parent: Context) -> Option<State> {
        if is_suppressed(&parent) {
            return None;
        }
        let section = Section::begin();
        self.tracer.source().resolve(|resolved| {
            let Resolved::Engine(engine, scope) = resolved else { return None };
            if engine.is_off() {
                return None;
            }
            let decision = known_decision(engine, parent.span().span_context());
            // A root is always recorded at first, because its parent may still change.
            let is_unsampled =
                || decision == Some(Record::Drop) && !self.reparented.keeps_attributes(attributes.metadata());
            if parent.span().span_context().is_valid()
                && (is_unsampled() || is_switched_off(engine, scope, attributes, &parent))
            {
                engine.count_started(Record::Drop, Some(parent.span().span_context()));
                section.end_start(engine.account(), || false);
                return Some(State::NotRecording { context: parent, is_pending: true });
            }
            let mut pending = begin(self.options, engine, scope, decision, attributes.metadata(), parent);
            let options = self.options;
            pending.span.write(|span| attributes.record(&mut SpanFields { target: span, options }));
            section.end_start(engine.account(), || decision != Some(Record::Drop));
            Some(State::Pending(pending))
        })
    }

    /// Restarts a span that was not recorded, with another parent.
    fn restart(&self, metadata: &'static Metadata<'static>, parent: &Context) -> Option<State> {
        self.tracer.source().resolve(|resolved| {
            let Resolved::Engine(engine, scope) = resolved else { return None };
            let decision = known_decision(engine, parent.span().span_context());
            Some(State::Pending(begin(self.options, engine, scope, decision, metadata, parent.clone())))
        })
    }

    /// Changes the parent of the span `id`. Returns false if its ids are already fixed.
    pub(super) fn set_parent(&self, id: u64, metadata: &'static Metadata<'static>, parent: &Context) -> bool {
        self.reparented.mark(metadata);
        // Created first, because no user code may run while the span is locked.
        let engine = self.tracer.source().resolve(|resolved| match resolved {
            Resolved::Engine(engine, _) => Some(Arc::clone(engine)),
            Resolved::Global(_) => None,
        });
        let Some(engine) = engine else { return false };
        let known = known_decision(&engine, parent.span().span_context());
        let is_dropped = known == Some(Record::Drop) && parent.span().span_context().is_valid();
        let is_not_recorded = self.live.with(id, |state| matches!(state, State::NotRecording { .. }));
        let restarted =
            if is_dropped || is_not_recorded != Some(true) { None } else { self.restart(metadata, parent) };
        let replaced = self.live.with(id, |state| match state {
            State::Pending(pending) => {
                pending.decision = known.map_or(Decision::Unknown, Decision::Known);
                let former = std::mem::replace(&mut pending.parent, parent.clone());
                Some((Some(former), restarted))
            }
            State::NotRecording { context, is_pending: true } => Some(match restarted {
                Some(restarted) => (None, Some(std::mem::replace(state, restarted))),
                None => (Some(std::mem::replace(context, parent.clone())), None),
            }),
            _ => None,
        });
        // The replaced value is dropped here.
        replaced.flatten().is_some()
    }

    /// Runs `visit` on the state of the span `id`, once it has its ids. `visit` must not run user code.
    #[inline]
    pub(super) fn decided<R>(&self, id: u64, visit: impl FnOnce(&mut State) -> R) -> Option<R> {
        let mut visit = Some(visit);
        loop {
            let step = self.live.with(id, |state| {
                if let State::Pending(_) = state
                    && let Some(question) = decide(state)
                {
                    return Some(Step::Ask(question));
                }
                visit.take().map(|visit| Step::Done(visit(state)))
            });
            match step?? {
                Step::Done(visited) => return Some(visited),
                Step::Ask(question) => self.answer(id, &question),
            }
        }
    }

    #[cold]
    fn answer(&self, id: u64, question: &Question) {
        let decision = question.ask();
        let _outdated = self.live.with(id, |state| match state {
            // Another parent may have been set in the meantime.
            State::Pending(pending) if *pending.parent.span().span_context() == question.parent => {
                Some(std::mem::replace(&mut pending.decision, decision))
            }
            _ => None,
        });
    }

    /// Returns the context of the span `id`, with its ids.
    pub(super) fn context_of(&self, id: u64) -> Option<Context> {
        let (own, _parent) = self.decided(id, State::context)?;
        own
    }

    /// Ends a span that has left the table.
    #[inline]
    pub(super) fn end(mut state: State) {
        if let State::Pending(_) = state
            && let Some(question) = decide(&mut state)
            && let State::Pending(pending) = &mut state
        {
            pending.decision = question.ask();
            let _decided = decide(&mut state);
        }
        if let State::Recording(recording) = state {
            recording.end();
        }
    }
}

/// Gives a pending span its ids. Returns the call of the sampler that is needed first, if any.
#[inline]
fn decide(state: &mut State) -> Option<Question> {
    let placeholder = State::NotRecording { context: Context::new(), is_pending: false };
    match std::mem::replace(state, placeholder) {
        State::Pending(pending) => match pending.decide() {
            Ok(decided) => {
                *state = decided;
                None
            }
            Err(mut pending) => {
                let question = Question::of(&mut pending);
                *state = State::Pending(pending);
                question
            }
        },
        other => {
            *state = other;
            None
        }
    }
}

/// Returns whether a budget has switched off the span. It is not if the span may be of another kind than internal.
#[inline]
fn is_switched_off(engine: &Engine, scope: u32, attributes: &Attributes<'_>, parent: &Context) -> bool {
    engine.is_switched_off(scope)
        && !parent.span().span_context().is_remote()
        && attributes.metadata().fields().field("otel.kind").is_none()
}

#[inline]
fn begin(
    options: Options,
    engine: &Arc<Engine>,
    scope: u32,
    decision: Option<Record>,
    metadata: &Metadata<'_>,
    parent: Context,
) -> Pending {
    let start = Timestamp::now();
    let mut span = Provisional::begin(engine, scope, metadata.name(), start);
    span.write(|span| options.write(span, metadata));
    let decision = decision.map_or(Decision::Unknown, Decision::Known);
    Pending { span, parent, decision, timing: options.timing.then(|| Timing::new(start)) }
}
