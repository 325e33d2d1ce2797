//! The future of a traced response.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::body::TracedBody;
use crate::call::Call;
use crate::ending::Outcome;
use crate::head::ResponseHead;
use crate::hooks::OnResponse;
use crate::{address, error_code};

pin_project! {
    /// The response of a traced call to come. Dropped before that, it ends the span as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TracedFuture<F, P = ()> {
        // First, so that spans within are dropped, and thus end, before the span around them.
        #[pin]
        inner: F,
        call: Option<Call>,
        on_response: P,
    }
}

impl<F, P> TracedFuture<F, P> {
    pub(crate) fn new(inner: F, call: Option<Call>, on_response: P) -> Self {
        Self { inner, call, on_response }
    }
}

impl<F, P, B, E> Future for TracedFuture<F, P>
where
    F: Future<Output = Result<Response<B>, E>>,
    P: OnResponse,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<TracedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = match this.call {
            Some(call) => call.enter(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        };
        let Poll::Ready(result) = polled else { return Poll::Pending };
        let mut call = this.call.take();
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                if let Some(call) = &mut call {
                    call.end(Outcome::Failed(error_code::of_any(&error)), None);
                }
                return Poll::Ready(Err(error));
            }
        };
        let call = call.and_then(|call| begin_body(call, &response, this.on_response));
        Poll::Ready(Ok(response.map(|body| TracedBody::new(body, call))))
    }
}

/// What is to be done when the head of the response is there; the call, unless it ends with it.
fn begin_body<B: Body>(
    mut call: Call,
    response: &Response<B>,
    on_response: &impl OnResponse,
) -> Option<Call> {
    if !call.is_traced() {
        return Some(call);
    }
    let config = &call.config;
    // The address that a client learns by connecting; a server knows its own from the request.
    let peer = if config.side.is_client() { address::peer(response.extensions()) } else { None };
    if peer.is_some() || !config.response_metadata.is_empty() || on_response.is_set() {
        call.record(|span| {
            if let Some(peer) = peer {
                address::record_peer(span, peer);
            }
            config.response_metadata.record(span, response.headers());
            on_response.on_response(&ResponseHead::of(response), span);
        });
    }
    if call.responded(response) {
        return Some(call);
    }
    call.end(Outcome::Complete(None), Some(response.headers()));
    None
}
