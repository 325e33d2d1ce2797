//! The callbacks of the `Layer` trait.

use opentelemetry::trace::TraceContextExt;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;

use super::entered;
use super::event::SpanEvent;
use super::fields::{SpanFields, Target};
use super::layer::SpanLayer;
use super::request_span;
use super::state::State;
use crate::Recorder;
use crate::clock::Timestamp;

impl<S: Subscriber> Layer<S> for SpanLayer {
    #[inline]
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: LayerContext<'_, S>) {
        if self.request_spans && attributes.metadata().target() == request_span::TARGET {
            if let Some(adopted) = request_span::adopted() {
                self.live.insert(id.into_u64(), State::Adopted(adopted));
            }
            return;
        }
        let parent = self.parent_of(attributes);
        if let Some(state) = self.start(attributes, parent) {
            self.live.insert(id.into_u64(), state);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: LayerContext<'_, S>) {
        let mut target = LiveSpan { layer: self, id: id.into_u64() };
        if target.is_recorded() {
            values.record(&mut SpanFields { target: &mut target, options: self.options });
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: LayerContext<'_, S>) {
        // A cause that is closed, or hidden by a filter, has no ids any more.
        let Some(cause) = self.context_of(follows.into_u64()) else { return };
        let cause = cause.span().span_context().clone();
        LiveSpan { layer: self, id: id.into_u64() }.write(|span| {
            span.add_follows_from(&cause);
        });
    }

    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let explicit = event.parent().map(Id::into_u64);
        let id = if event.is_contextual() { entered::current(self.id) } else { explicit };
        let Some(id) = id else { return };
        let mut target = LiveSpan { layer: self, id };
        if target.is_recorded() {
            let formatted = SpanEvent::of(event, self.options);
            target.write(|span| formatted.add_to(event, span));
        }
    }

    #[inline]
    fn on_enter(&self, id: &Id, _: LayerContext<'_, S>) {
        let id = id.into_u64();
        let entering = self.decided(id, |state| {
            if let Some(timing) = state.timing() {
                timing.enter(Timestamp::now());
            }
            (matches!(state, State::Recording(_)), state.context())
        });
        let Some((is_recorded, (Some(own), _parent))) = entering else { return };
        entered::push(self.id, id, is_recorded, || Some(own.attach()));
    }

    #[inline]
    fn on_exit(&self, id: &Id, _: LayerContext<'_, S>) {
        let id = id.into_u64();
        if entered::pop(self.id, id) == Some(true) {
            let now = Timestamp::now();
            self.live.with(id, |state| {
                if let State::Recording(recording) = state {
                    recording.last_exit = Some(now);
                }
                if let Some(timing) = state.timing() {
                    timing.exit(now);
                }
            });
        }
    }

    #[inline]
    fn on_close(&self, id: Id, _: LayerContext<'_, S>) {
        if let Some(state) = self.live.remove(id.into_u64()) {
            Self::end(state);
        }
    }
}

/// An open span that is written to. Only the table or the span is locked meanwhile, never both.
pub(super) struct LiveSpan<'a> {
    pub(super) layer: &'a SpanLayer,
    pub(super) id: u64,
}

impl LiveSpan<'_> {
    /// Whether values must be formatted.
    #[inline]
    pub(super) fn is_recorded(&self) -> bool {
        let is_recorded = self.layer.live.with(self.id, |state| !matches!(state, State::NotRecording { .. }));
        is_recorded.unwrap_or(false)
    }
}

impl Target for LiveSpan<'_> {
    #[inline]
    fn write(&mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        let mut write = Some(write);
        let writer = self.layer.live.with(self.id, |state| {
            if let State::Pending(pending) = state {
                // The span is not shared yet, so no lock is needed.
                pending.span.write(|span| {
                    if let Some(write) = write.take() {
                        write(span);
                    }
                });
            }
            state.writer()
        });
        if let (Some(Some(writer)), Some(write)) = (writer, write) {
            writer.record(write);
        }
    }
}
