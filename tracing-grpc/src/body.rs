//! Response bodies that end a span when they end.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::call::Call;

pin_project! {
    /// A response's body, whose span ends with the trailers, with an error, or when the body is dropped. A server's is
    /// polled in the context of the span.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
    }
}

impl<B> TracedBody<B> {
    /// Watches `inner` until `call` has ended, if there is one.
    #[inline]
    pub(crate) fn new(inner: B, call: Option<Call>) -> Self {
        Self { inner, call }
    }
}

/// An empty body of no call.
impl<B: Default> Default for TracedBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None)
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
        let Some(call) = this.call else { return this.inner.poll_frame(cx) };
        let polled = if call.reads_body() {
            call.watch(|| this.inner.as_mut().poll_frame(cx))
        } else {
            let entered = call.enter();
            let polled = this.inner.as_mut().poll_frame(cx);
            entered.leave();
            polled
        };
        match &polled {
            Poll::Pending => return polled,
            Poll::Ready(None) => call.complete(),
            Poll::Ready(Some(Err(error))) => call.failed(error),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    call.trailers(trailers);
                } else {
                    if let Some(data) = frame.data_ref() {
                        call.data(data);
                    }
                    // Whoever sees the end here does not ask for a further frame.
                    if !this.inner.is_end_stream() {
                        return polled;
                    }
                    call.complete();
                }
            }
        }
        *this.call = None;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
