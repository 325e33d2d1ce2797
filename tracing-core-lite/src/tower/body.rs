//! Response bodies that end a call.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::call::Call;
use super::protocol::Protocol;

pin_project! {
    /// A response's body whose span ends with the last frame, with an error, or when the body is dropped.
    ///
    /// A body that the service produces is polled in the context of the span. A body that is only read, such as that of a
    /// client's response, is polled in the context of its reader.
    #[derive(Debug)]
    pub struct TracedBody<B, P: Protocol> {
        #[pin]
        inner: B,
        call: Option<Call<P>>,
    }
}

impl<B, P: Protocol> TracedBody<B, P> {
    /// Creates a body that ends `call`, if there is one.
    #[inline]
    pub fn new(inner: B, call: Option<Call<P>>) -> Self {
        Self { inner, call }
    }
}

/// An empty body of no call.
impl<B: Default, P: Protocol> Default for TracedBody<B, P> {
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

impl<B, P> Body for TracedBody<B, P>
where
    B: Body,
    B::Error: 'static,
    P: Protocol,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(call) = this.call else { return this.inner.poll_frame(cx) };
        let polled = if call.makes_body() {
            let _entered = call.enter();
            this.inner.as_mut().poll_frame(cx)
        } else {
            let _guard = call.end_on_panic();
            this.inner.as_mut().poll_frame(cx)
        };
        match &polled {
            Poll::Pending => return polled,
            Poll::Ready(None) => call.complete(None),
            Poll::Ready(Some(Err(error))) => call.failed(error),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    call.complete(Some(trailers));
                } else {
                    if let Some(data) = frame.data_ref() {
                        call.data(data);
                    }
                    // hyper does not poll a body again once it has as many bytes as were announced.
                    if !this.inner.is_end_stream() {
                        return polled;
                    }
                    call.complete(None);
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
