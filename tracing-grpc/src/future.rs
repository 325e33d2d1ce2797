//! The future of a traced response.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::call::Call;
use crate::ending::Side;
use crate::hooks::OnResponse;
use crate::response_body::{ResponseBody, Wrapped};

pin_project! {
    /// The response of a traced call to come. Dropped before that, it ends the span as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TracedFuture<F, P = (), W = Wrapped> {
        // First, so that spans within are dropped, and thus end, before the span around them.
        #[pin]
        inner: F,
        call: Option<Call>,
        side: Side,
        on_response: P,
        response_body: PhantomData<fn() -> W>,
    }
}

impl<F, P, W> TracedFuture<F, P, W> {
    #[inline]
    pub(crate) fn new(inner: F, call: Option<Call>, side: Side, on_response: P) -> Self {
        Self { inner, call, side, on_response, response_body: PhantomData }
    }
}

impl<F, P, W, B, E> Future for TracedFuture<F, P, W>
where
    F: Future<Output = Result<Response<B>, E>>,
    P: OnResponse,
    W: ResponseBody<B>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<W::Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(call) = this.call else {
            return this.inner.poll(cx).map_ok(|response| W::wrap(response, None, None));
        };
        let entered = call.enter();
        let mut polled = this.inner.poll(cx);
        let ahead = match &mut polled {
            Poll::Ready(Ok(response)) => W::ahead(response, cx),
            _ => None,
        };
        entered.leave();
        let has_more = match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) => {
                call.responded(*this.side, response, this.on_response, ahead.as_ref())
            }
            Poll::Ready(Err(error)) => {
                call.failed(error);
                false
            }
        };
        if !has_more {
            *this.call = None;
            return polled.map_ok(|response| W::wrap(response, None, ahead));
        }
        let call = this.call.take();
        polled.map_ok(|response| W::wrap(response, call, ahead))
    }
}
