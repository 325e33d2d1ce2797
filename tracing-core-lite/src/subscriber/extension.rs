//! Methods for spans of `tracing`, in addition to their fields.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, Status};
use thiserror::Error;
use tracing::Dispatch;
use tracing::span::Id;

use super::callbacks::LiveSpan;
use super::fields::Target as _;
use super::layer::SpanLayer;
use crate::Recorder;
use crate::span::{Timestamp, Value};

/// Methods for spans of `tracing` that a [`SpanLayer`] records. Without such a layer they do nothing.
///
/// ```
/// use tracing_core_lite::subscriber::{self, SpanExt};
/// use tracing_core_lite::testing::TestSpans;
/// use tracing_core_lite::{Context, SpanContext};
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// let spans = TestSpans::new();
/// let layer = subscriber::layer().with_tracer(spans.tracer());
/// let guard = tracing_subscriber::registry().with(layer).set_default();
///
/// let span = tracing::info_span!("process message", topic = "orders");
/// // In a program, this comes from the headers of the message.
/// let extracted = Context::new();
/// span.set_parent(extracted)?;
/// span.set_attribute("order.id", 7);
/// span.in_scope(|| { /* … */ });
/// # drop(span);
/// # drop(guard);
/// # assert_eq!(spans.one("process message").int("order.id"), Some(7));
/// # Ok::<(), subscriber::SetParentError>(())
/// ```
pub trait SpanExt {
    /// Makes the span a child of the span in `parent`, or a root if that has none.
    ///
    /// # Errors
    /// Returns an error if the ids of the span are already fixed, because it was entered, has a child, or its context was
    /// requested. Also returns an error if the layer does not record the span.
    fn set_parent(&self, parent: Context) -> Result<(), SetParentError>;

    /// Returns the context of the span, whose ids are fixed from then on. Returns an empty context if the layer does not
    /// know the span.
    fn context(&self) -> Context;

    /// Adds a link to another span. Does nothing if `linked` is invalid.
    fn add_link(&self, linked: SpanContext);

    /// Adds a link with attributes. Does nothing if `linked` is invalid.
    fn add_link_with_attributes(&self, linked: SpanContext, attributes: &[(&str, Value<'_>)]);

    /// Sets an attribute, which need not be a field of the span.
    fn set_attribute<'v>(&self, key: &str, value: impl Into<Value<'v>>);

    /// Sets the status. `Ok` is final, and `Unset` does not replace an error.
    fn set_status(&self, status: Status);

    /// Adds an event that happens now.
    fn add_event(&self, name: &str, attributes: &[(&str, Value<'_>)]);

    /// Adds an event that happened at `time`.
    fn add_event_at(&self, name: &str, time: impl Into<Timestamp>, attributes: &[(&str, Value<'_>)]);
}

/// The error for a span whose parent cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SetParentError {
    /// The subscriber has no [`SpanLayer`], or hides it behind a `reload` layer.
    #[error("the subscriber has no layer that records spans")]
    LayerNotFound,
    /// The span was entered, has a child, or its context was requested.
    #[error("the ids of the span are already fixed")]
    AlreadyStarted,
    /// A filter has disabled the span, or tracing is suppressed.
    #[error("the span is disabled")]
    SpanDisabled,
}

impl SpanExt for tracing::Span {
    fn set_parent(&self, parent: Context) -> Result<(), SetParentError> {
        let metadata = self.metadata().ok_or(SetParentError::SpanDisabled)?;
        let result = self.with_subscriber(|(id, dispatch)| {
            let layer = layer_of(dispatch).ok_or(SetParentError::LayerNotFound)?;
            let id = id.into_u64();
            if layer.live.with(id, |_| ()).is_none() {
                return Err(SetParentError::SpanDisabled);
            }
            if layer.set_parent(id, metadata, &parent) { Ok(()) } else { Err(SetParentError::AlreadyStarted) }
        });
        result.unwrap_or(Err(SetParentError::SpanDisabled))
    }

    fn context(&self) -> Context {
        let context = self.with_subscriber(|(id, dispatch)| layer_of(dispatch)?.context_of(id.into_u64()));
        context.flatten().unwrap_or_default()
    }

    fn add_link(&self, linked: SpanContext) {
        self.add_link_with_attributes(linked, &[]);
    }

    fn add_link_with_attributes(&self, linked: SpanContext, attributes: &[(&str, Value<'_>)]) {
        if linked.is_valid() {
            write(self, |span| {
                span.add_link(&linked, attributes);
            });
        }
    }

    fn set_attribute<'v>(&self, key: &str, value: impl Into<Value<'v>>) {
        let value = value.into();
        write(self, |span| {
            span.set(key, value);
        });
    }

    fn set_status(&self, status: Status) {
        write(self, |span| {
            span.set_status(status);
        });
    }

    fn add_event(&self, name: &str, attributes: &[(&str, Value<'_>)]) {
        self.add_event_at(name, Timestamp::now(), attributes);
    }

    fn add_event_at(&self, name: &str, time: impl Into<Timestamp>, attributes: &[(&str, Value<'_>)]) {
        let time = time.into();
        write(self, |span| {
            span.add_event_at(name, time, attributes);
        });
    }
}

/// Returns the context of a span that the current subscriber's layer records. Its ids are fixed from then on.
#[cfg(feature = "log")]
pub(crate) fn context_of(id: &Id) -> Option<Context> {
    tracing::dispatcher::get_default(|dispatch| layer_of(dispatch)?.context_of(id.into_u64()))
}

fn layer_of(dispatch: &Dispatch) -> Option<&SpanLayer> {
    dispatch.downcast_ref()
}

fn write(span: &tracing::Span, write: impl FnOnce(&mut Recorder<'_>)) {
    span.with_subscriber(|(id, dispatch): (&Id, &Dispatch)| {
        if let Some(layer) = layer_of(dispatch) {
            LiveSpan { layer, id: id.into_u64() }.write(write);
        }
    });
}
