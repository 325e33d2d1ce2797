//! The layer and its settings.

use std::sync::atomic::{AtomicU64, Ordering};

use super::live::LiveSpans;
use super::options::Options;
use super::reparented::Reparented;
use super::request_span;
use crate::Tracer;

/// Returns a layer for `tracing-subscriber` that records the spans of `tracing` with the installed provider.
///
/// See the [module](super) for what it records.
#[must_use]
pub fn layer() -> SpanLayer {
    SpanLayer::new(Tracer::global_named("tracing"))
}

/// A layer for `tracing-subscriber` that records the spans of `tracing`; made by [`layer`].
#[derive(Debug)]
pub struct SpanLayer {
    /// Unique among the layers of a process.
    pub(super) id: u64,
    pub(super) tracer: Tracer,
    pub(super) options: Options,
    pub(super) live: LiveSpans,
    pub(super) reparented: Reparented,
    /// Whether the spans of tower layers are spans of `tracing` as well.
    pub(super) request_spans: bool,
}

impl SpanLayer {
    fn new(tracer: Tracer) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            tracer,
            options: Options::DEFAULT,
            live: LiveSpans::new(),
            reparented: Reparented::new(),
            request_spans: false,
        }
    }

    /// Sets the tracer. The default is a tracer of the [installed](crate::TracerProvider::install) provider called `tracing`.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// Sets whether spans and events have their source location: `code.file.path` and `code.line.number`. The default is true.
    #[must_use]
    pub fn with_location(mut self, location: bool) -> Self {
        self.options.location = location;
        self
    }

    /// Sets whether spans have the thread that created them: `thread.id` and `thread.name`. The default is true.
    #[must_use]
    pub fn with_threads(mut self, threads: bool) -> Self {
        self.options.threads = threads;
        self
    }

    /// Sets whether spans have their level as `level`. The default is false. Events always have it.
    #[must_use]
    pub fn with_level(mut self, level: bool) -> Self {
        self.options.level = level;
        self
    }

    /// Sets whether spans have their target as `target`. The default is true. Events always have it.
    #[must_use]
    pub fn with_target(mut self, target: bool) -> Self {
        self.options.target = target;
        self
    }

    /// Sets whether spans have the time for which they were entered as `busy_ns`, and the time for which they were not as
    /// `idle_ns`, both in nanoseconds. The default is true.
    #[must_use]
    pub fn with_tracked_inactivity(mut self, tracked_inactivity: bool) -> Self {
        self.options.timing = tracked_inactivity;
        self
    }

    /// Sets whether an error in a field is also recorded as an exception, with `exception.type`, `exception.message` and
    /// `exception.stacktrace`, which has the causes. The default is true.
    #[must_use]
    pub fn with_error_fields_to_exceptions(mut self, to_exceptions: bool) -> Self {
        self.options.error_fields_to_exceptions = to_exceptions;
        self
    }

    /// Sets whether an event with an `error` and no message, as `#[instrument(err)]` emits it, is an exception event. The default
    /// is true.
    #[must_use]
    pub fn with_error_events_to_exceptions(mut self, to_exceptions: bool) -> Self {
        self.options.error_events_to_exceptions = to_exceptions;
        self
    }

    /// Sets whether the text of such an event becomes the description of the span's status. The default is true. An event
    /// of level ERROR sets the status in any case.
    #[must_use]
    pub fn with_error_events_to_status(mut self, to_status: bool) -> Self {
        self.options.error_events_to_status = to_status;
        self
    }

    /// Makes the spans of the tower layers of this suite the current `tracing` spans as well, with the target
    /// `tracing_suite::request` and the level INFO. Off by default, because this adds a span to the scope of every log line.
    ///
    /// Within a request, `tokio::spawn(work().in_current_span())` then stays in its trace, events are added to the layer's span,
    /// and `Span::current().record(field, value)` sets an attribute of it. `fields` are the names that can be recorded. `tracing`
    /// ignores all others, while [`SpanExt::set_attribute`](super::SpanExt::set_attribute) accepts any name. This setting does
    /// not change the layer's span or the trace.
    ///
    /// If a process has several layers, the fields of the first one are used.
    ///
    /// ```
    /// use tracing_core_lite::subscriber;
    ///
    /// let layer = subscriber::layer().with_request_spans(["user.id", "shop.customer.tier"]);
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn with_request_spans(mut self, fields: impl IntoIterator<Item = &'static str>) -> Self {
        request_span::switch_on(fields.into_iter().collect());
        self.request_spans = true;
        self
    }

    /// Returns the number of spans that are open: created and not closed.
    #[must_use]
    pub fn live_spans(&self) -> usize {
        self.live.len()
    }
}
