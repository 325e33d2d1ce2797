//! The future of a traced response.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::call::Call;
use super::protocol::{AfterHead, End, Protocol};
use super::response_body::{AnyBody, FramesAhead, ResponseBody};

/// What a layer does when the service that it wraps has answered.
pub trait OnHead<P: Protocol, B, E> {
    /// Whether the layer is a client's, whose response is read here and not produced.
    const IS_CLIENT: bool;

    /// Records the head of a response, and may change it.
    fn on_head(&self, call: &mut Call<P>, response: &mut Response<B>);

    /// Returns the class of an error of the service.
    fn error_of(&self, error: &E) -> P::Error;
}

pin_project! {
    /// The future of a traced response. Dropping it before it is ready ends the span as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct CallFuture<F, P: Protocol, H, W = AnyBody> {
        // Dropped first, so that spans of the service end before the span around them.
        #[pin]
        inner: F,
        call: Option<Call<P>>,
        on_head: H,
        response_body: PhantomData<fn() -> W>,
    }
}

impl<F, P: Protocol, H, W> CallFuture<F, P, H, W> {
    /// Creates a future of a call, or of a request that is not traced.
    #[inline]
    pub fn new(inner: F, call: Option<Call<P>>, on_head: H) -> Self {
        Self { inner, call, on_head, response_body: PhantomData }
    }

    /// Calls the service in the context of `call`.
    #[inline]
    pub fn start(mut call: Call<P>, on_head: H, service: impl FnOnce() -> F) -> Self {
        let inner = {
            let _entered = call.enter();
            service()
        };
        Self::new(inner, Some(call), on_head)
    }
}

impl<F, P, H, W, B, E> Future for CallFuture<F, P, H, W>
where
    F: Future<Output = Result<Response<B>, E>>,
    P: Protocol,
    H: OnHead<P, B, E>,
    W: ResponseBody<P, B>,
    B: Body,
{
    type Output = Result<Response<W::Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(call) = this.call else {
            return this.inner.poll(cx).map_ok(|response| W::untraced(response, None));
        };
        let entered = call.enter();
        let mut polled = this.inner.poll(cx);
        let ahead = match &mut polled {
            Poll::Ready(Ok(response)) => W::read_ahead(response, cx),
            _ => None,
        };
        drop(entered);
        let is_done = match &mut polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) => {
                on_response::<P, W, _, _, _>(call, response, this.on_head, ahead.as_ref())
            }
            Poll::Ready(Err(error)) => {
                call.end(End::Failed(this.on_head.error_of(error)));
                true
            }
        };
        // The response is large. It stays where it is unless its body is wrapped.
        if is_done {
            *this.call = None;
            return polled.map_ok(|response| W::untraced(response, ahead));
        }
        let call = this.call.take();
        polled.map_ok(|response| W::traced(response, call, ahead))
    }
}

/// Records the head of a response. Returns whether its body needs no attention.
#[inline]
fn on_response<P, W, H, B, E>(
    call: &mut Call<P>,
    response: &mut Response<B>,
    on_head: &H,
    ahead: Option<&W::Ahead>,
) -> bool
where
    P: Protocol,
    W: ResponseBody<P, B>,
    H: OnHead<P, B, E>,
    B: Body,
{
    on_head.on_head(call, response);
    if let Some(ahead) = ahead {
        return ahead.pass_to(call);
    }
    let after = if H::IS_CLIENT && !call.is_watched() {
        AfterHead::Done
    } else {
        P::after_head(call.protocol(), response)
    };
    if after == AfterHead::Done {
        call.complete(Some(response.headers()));
    }
    after == AfterHead::Done
}
