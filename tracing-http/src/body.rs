//! Response bodies that end a span when they end.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::ending::Outcome;
use crate::error_type;
use crate::exchange::Exchange;

pin_project! {
    /// A response's body, polled in the context of its span, which ends after the last frame, with an error, or when the
    /// body is dropped.
    ///
    /// hyper does not ask again once it has an exact-length body's last byte, so the end is looked for after each frame,
    /// and a body that is dropped after as many bytes as were announced is complete.
    ///
    /// A body whose size is known from the start is polled without the context: it is read, not made.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        exchange: Option<Exchange>,
    }
}

impl<B> TracedBody<B> {
    /// Watches `inner` until `exchange` has ended.
    #[inline]
    pub(crate) fn watched(inner: B, exchange: Option<Exchange>) -> Self {
        Self { inner, exchange }
    }

    /// A body with which nothing is left to be done.
    #[inline]
    pub(crate) fn unwatched(inner: B) -> Self {
        Self { inner, exchange: None }
    }
}

impl<B: Body> Body for TracedBody<B>
where
    B::Error: 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(exchange) = this.exchange else { return this.inner.poll_frame(cx) };
        let polled = if exchange.has_sized_body() {
            exchange.watch(|| this.inner.as_mut().poll_frame(cx))
        } else {
            let entered = exchange.enter();
            let polled = this.inner.as_mut().poll_frame(cx);
            entered.leave();
            polled
        };
        let outcome = match &polled {
            Poll::Pending => return polled,
            Poll::Ready(None) => Outcome::Complete,
            Poll::Ready(Some(Err(error))) => Outcome::Failed(error_type::of_any(error)),
            Poll::Ready(Some(Ok(frame))) => {
                exchange.sent(frame.data_ref().map_or(0, Buf::remaining));
                if !frame.is_trailers() && !this.inner.is_end_stream() {
                    return polled;
                }
                Outcome::Complete
            }
        };
        exchange.end(outcome);
        *this.exchange = None;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
