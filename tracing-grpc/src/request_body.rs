//! Messages in the body of a request.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http_body::{Body, Frame, SizeHint};
use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;
use tracing_core_lite::{Context, Value};

use crate::call::Call;
use crate::config::Config;
use crate::messages::{Direction, Messages};

/// tonic's body, whose messages become events of the span in `context`.
struct WatchedBody {
    inner: tonic::body::Body,
    context: Context,
    direction: Direction,
    messages: Messages,
}

/// Watches the messages in `body`, if that was asked for and it is tonic's own: only tonic's can be put into another without
/// changing its type.
#[inline]
pub(crate) fn watch<B: 'static>(body: &mut B, call: &Call, config: &Config) {
    if config.messages > 0 && call.is_recorded() {
        wrap(body, call, config);
    }
}

fn wrap(body: &mut dyn Any, call: &Call, config: &Config) {
    let Some(body) = body.downcast_mut::<tonic::body::Body>() else { return };
    if body.is_end_stream() {
        return;
    }
    let inner = std::mem::take(body);
    *body = tonic::body::Body::new(WatchedBody {
        inner,
        context: call.context().clone(),
        direction: config.side.of_requests(),
        messages: Messages::new(config.messages),
    });
}

impl Body for WatchedBody {
    type Data = bytes::Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let (context, direction) = (&this.context, this.direction);
            this.messages.read(data, |id, size| {
                direction.event(id, size, |name, attributes| add_event(context, name, attributes));
            });
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn add_event(context: &Context, name: &str, attributes: &[(&str, Value<'_>)]) {
    let attributes = attributes.iter().filter_map(|(key, value)| match value {
        Value::Int(value) => Some(KeyValue::new((*key).to_owned(), *value)),
        _ => None,
    });
    context.span().add_event(name.to_owned(), attributes.collect());
}
