//! The span that a caller holds.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt};

use super::active::ActiveSpan;
use super::classified_error::ClassifiedError;
use super::end_durably::EndDurably;
use super::error::ErrorText;
use super::foreign::ForeignSpan;
use super::foreign_start;
use super::name::SpanName;
use super::recorder::Recorder;
use super::slot::SlotHandle;
use super::value::Value;
use crate::box_pool::BoxPool;
use crate::buffer::FlushError;
use crate::clock::Timestamp;

/// One operation of a trace, from [`SpanBuilder::start`](super::SpanBuilder::start) to [`end`](Span::end) or drop.
///
/// A span that is dropped because of a panic records it: status error, `error.type` `panic`, and an `exception` event.
///
/// Setters take `&self` and may be called from any thread. They do nothing once the span has ended, or when it is not
/// recorded.
#[derive(Debug)]
pub struct Span(State);

/// Small, because spans are moved often.
#[derive(Debug)]
enum State {
    /// Recorded by this crate.
    Recording(SlotHandle),
    /// Not recorded. It only propagates its context.
    NotRecording(Box<SpanContext>),
    /// Recorded by the global provider of the OpenTelemetry API.
    Foreign(Box<ForeignSpan>),
}

thread_local! {
    static NOT_RECORDING: BoxPool<SpanContext> = const { BoxPool::new() };
}

impl Span {
    pub(super) fn recording(slot: SlotHandle) -> Self {
        Self(State::Recording(slot))
    }

    pub(super) fn foreign(span: ForeignSpan) -> Self {
        Self(State::Foreign(Box::new(span)))
    }

    /// Creates a span that records nothing and propagates `span_context`.
    #[must_use]
    pub fn not_recording(span_context: SpanContext) -> Self {
        Self(State::NotRecording(BoxPool::boxed(&NOT_RECORDING, span_context)))
    }

    /// Returns the ids, flags and tracestate, which are propagated to other services.
    #[must_use]
    pub fn span_context(&self) -> &SpanContext {
        match &self.0 {
            State::Recording(slot) => slot.span_context(),
            State::NotRecording(span_context) => span_context,
            State::Foreign(span) => span.span_context(),
        }
    }

    /// Returns whether the span is recorded and has not ended.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        match &self.0 {
            State::Recording(slot) => slot.is_recording(),
            State::NotRecording(_) => false,
            State::Foreign(span) => span.is_recording(),
        }
    }

    /// Returns `parent` with this span as the current one. Attach it, or run a future in it, and further spans
    /// become children.
    ///
    /// The context does not keep the span open: only this `Span` ends it. Values of `parent`, such as baggage,
    /// stay. For a span of another OpenTelemetry SDK, the values are those of the context in which the span was
    /// started.
    #[must_use]
    pub fn in_context(&self, parent: &Context) -> Context {
        match &self.0 {
            State::Recording(slot) => parent.with_span(ActiveSpan::new(slot.share())),
            State::NotRecording(span_context) => parent.with_remote_span_context((**span_context).clone()),
            State::Foreign(span) => span.context(),
        }
    }

    /// Returns a handle that writes to the span if this crate records it.
    #[cfg(feature = "tracing-layer")]
    #[inline]
    pub(crate) fn writer(&self) -> Option<super::writer::SpanWriter> {
        match &self.0 {
            State::Recording(slot) => Some(super::writer::SpanWriter::new(slot.share())),
            _ => None,
        }
    }

    /// Runs `write` if the span is recorded. One call with several attributes costs less than several calls.
    ///
    /// The span is locked while `write` runs. What `write` sets on the same span in another way, such as through
    /// [`current_span`](super::current_span), is dropped, and the first such call logs a warning.
    #[inline]
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        match &self.0 {
            State::Recording(slot) => {
                slot.with(|record, engine| write(&mut Recorder::own(record, engine.limits())));
            }
            State::NotRecording(_) => {}
            State::Foreign(span) => {
                if span.is_recording() {
                    foreign_start::write(span, write);
                }
            }
        }
    }

    /// Sets one attribute.
    #[inline]
    pub fn set<'a>(&self, key: &str, value: impl Into<Value<'a>>) {
        self.record(|span| {
            span.set(key, value);
        });
    }

    /// Adds an event that happens now.
    pub fn add_event(&self, name: &str, attributes: &[(&str, Value<'_>)]) {
        self.record(|span| {
            span.add_event(name, attributes);
        });
    }

    /// Adds a link to another span.
    pub fn add_link(&self, linked: &SpanContext, attributes: &[(&str, Value<'_>)]) {
        self.record(|span| {
            span.add_link(linked, attributes);
        });
    }

    /// Adds a FollowsFrom reference to `origin`. See [`Recorder::add_follows_from`].
    pub fn add_follows_from(&self, origin: &SpanContext) {
        self.record(|span| {
            span.add_follows_from(origin);
        });
    }

    /// Sets the status.
    pub fn set_status(&self, status: Status) {
        self.record(|span| {
            span.set_status(status);
        });
    }

    /// Replaces the name.
    pub fn set_name<'a>(&self, name: impl Into<SpanName<'a>>) {
        self.record(|span| {
            span.set_name(name);
        });
    }

    /// Records that the operation failed with `error`. See [`Recorder::record_error`].
    pub fn record_error<E: std::error::Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let text = ErrorText::of(error);
            self.record(|span| {
                span.failure_text(text.class(), &text);
            });
        }
    }

    /// Records that the operation failed with `error`, an error of `class`. See [`Recorder::record_error_as`].
    pub fn record_error_as<E: std::error::Error + ?Sized>(&self, class: &str, error: &E) {
        if self.is_recording() {
            let text = ErrorText::of(error);
            self.record(|span| {
                span.failure_text(class, &text);
            });
        }
    }

    /// Records an error that was handled. See [`Recorder::record_handled_error`].
    pub fn record_handled_error<E: std::error::Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let text = ErrorText::of(error);
            self.record(|span| {
                span.handled_text(&text);
            });
        }
    }

    /// Records an error as [`ClassifiedError`] describes: as a failure, or as an error that was expected.
    pub fn record_classified<E: ClassifiedError + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let text = ErrorText::of_classified(error);
            let (class, is_expected) = (error.class(), error.is_expected());
            self.record(|span| {
                span.classified_text(class, is_expected, &text);
            });
        }
    }

    /// Ends the span now, as dropping it does.
    pub fn end(self) {
        drop(self);
    }

    /// Ends the span, and returns a future that resolves when the span is in the backend or on disk: when all spans that
    /// have ended by now were exported, and the exporter has flushed them.
    ///
    /// Never blocks. Calls that come while a flush is under way share the next one. With a disk queue
    /// (`exporters::disk_queue`) that takes some milliseconds, whatever the receiver does. Without one it takes until the receiver has accepted the span. A span
    /// that waits for the decision of a tail sampler counts as flushed. The future of a span that is not recorded
    /// resolves at once.
    ///
    /// ```
    /// use tracing_core_lite::TracerProvider;
    /// # use tracing_core_lite::exporters::MemoryExporter;
    ///
    /// # async fn charge() -> Result<(), Box<dyn std::error::Error>> {
    /// # let provider = TracerProvider::builder().with_exporter(MemoryExporter::new()).build()?;
    /// let span = provider.tracer("shop").span("charge card").start();
    /// // … charge …
    /// span.end_durably().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn end_durably(self) -> EndDurably {
        match &self.0 {
            State::Recording(slot) => match slot.engine() {
                Some(engine) => EndDurably::after(engine.buffer(), || drop(self)),
                None => EndDurably::ready(Ok(())),
            },
            State::NotRecording(_) => EndDurably::ready(Ok(())),
            State::Foreign(_) => EndDurably::ready(Err(FlushError::Foreign)),
        }
    }

    /// Ends the span at `time`. A time before the start is replaced by the start.
    pub fn end_at(self, time: impl Into<Timestamp>) {
        self.end_by_reference(Some(time.into()), |_| {});
    }

    /// Runs `write` like [`record`](Span::record), and ends the span.
    #[inline]
    pub fn end_with(mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        match &mut self.0 {
            State::Recording(slot) => slot.end_as_owner(Timestamp::now_relative_to, |record, engine| {
                write(&mut Recorder::own(record, engine.limits()))
            }),
            _ => self.end_by_reference(None, write),
        }
    }

    /// Runs `write` like [`end_with`](Span::end_with), and ends the span at `time`, for callers that have already read
    /// the clock. A time before the start is replaced by the start.
    ///
    /// ```
    /// use tracing_core_lite::TracerProvider;
    /// use tracing_core_lite::span::Timestamp;
    ///
    /// # let provider = TracerProvider::builder().build()?;
    /// let span = provider.tracer("shop").span("place order").start();
    /// let now = Timestamp::now();
    /// span.end_with_at(now, |span| {
    ///     let seconds = now.seconds_since(span.start_time());
    ///     span.add_event_at("order placed", now, &[("shop.order.duration", seconds.into())]);
    /// });
    /// # Ok::<(), tracing_core_lite::BuildError>(())
    /// ```
    #[doc(hidden)]
    #[inline]
    pub fn end_with_at(mut self, time: impl Into<Timestamp>, write: impl FnOnce(&mut Recorder<'_>)) {
        let time = time.into();
        match &mut self.0 {
            State::Recording(slot) => slot.end_as_owner(
                |start| time.relative_to(start),
                |record, engine| write(&mut Recorder::own(record, engine.limits())),
            ),
            _ => self.end_by_reference(Some(time), write),
        }
    }

    pub(super) fn end_by_reference(&self, time: Option<Timestamp>, write: impl FnOnce(&mut Recorder<'_>)) {
        match &self.0 {
            State::Recording(slot) => slot.end(
                |start| {
                    time.map_or_else(|| Timestamp::now_relative_to(start), |time| time.relative_to(start))
                },
                |record, engine| write(&mut Recorder::own(record, engine.limits())),
            ),
            State::NotRecording(_) => {}
            State::Foreign(span) => {
                if span.is_recording() {
                    foreign_start::write(span, write);
                    span.end(time);
                }
            }
        }
    }

    /// Returns when the span started, if it is known.
    pub(super) fn started(&self) -> Option<Timestamp> {
        match &self.0 {
            State::Recording(slot) => slot.started(),
            State::NotRecording(_) => None,
            State::Foreign(span) => Some(span.start_time()),
        }
    }

    /// Drops a span that this crate does not record.
    fn drop_other(&mut self) {
        match std::mem::replace(&mut self.0, State::Recording(SlotHandle::default())) {
            State::NotRecording(mut span_context) => {
                *span_context = SpanContext::NONE;
                BoxPool::keep(&NOT_RECORDING, span_context);
            }
            State::Foreign(span) if span.is_recording() => {
                if span.has_panicked() {
                    foreign_start::write(&span, |span| {
                        span.record_panic();
                    });
                }
                span.end(None);
            }
            _ => {}
        }
    }
}

impl Drop for Span {
    #[inline]
    fn drop(&mut self) {
        match &mut self.0 {
            // Takes no lock if only the slot remains to be released.
            State::Recording(slot) => slot.end_as_owner(Timestamp::now_relative_to, |record, engine| {
                if record.has_panicked() {
                    Recorder::own(record, engine.limits()).record_panic();
                }
            }),
            _ => self.drop_other(),
        }
    }
}
