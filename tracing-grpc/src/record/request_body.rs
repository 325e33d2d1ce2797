//! The messages in the body of a request.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http_body::{Body, Frame, SizeHint};
use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;
use tracing_core_lite::tower::Call;
use tracing_core_lite::{Context, Value};

use super::call::GrpcCall;
use super::messages::{Direction, Messages};
use crate::config::Config;

/// tonic's body, whose messages become events of the span in `context`.
struct RecordedBody {
    inner: tonic::body::Body,
    context: Context,
    direction: Direction,
    messages: Messages,
}

/// Records the messages in `body` as events, if the settings ask for it and the body is tonic's own. Only tonic's can be
/// wrapped without changing its type.
#[inline]
pub(crate) fn record<B: 'static>(body: &mut B, call: &Call<GrpcCall>, config: &Config) {
    if config.messages > 0 && call.is_recording() {
        wrap(body, call, config);
    }
}

fn wrap(body: &mut dyn Any, call: &Call<GrpcCall>, config: &Config) {
    let Some(body) = body.downcast_mut::<tonic::body::Body>() else { return };
    if body.is_end_stream() {
        return;
    }
    let inner = std::mem::take(body);
    *body = tonic::body::Body::new(RecordedBody {
        inner,
        context: call.context().clone(),
        direction: config.side.of_requests(),
        messages: Messages::new(config.messages),
    });
}

impl Body for RecordedBody {
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
