//! The future of a response to an attempt.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::classify::Classify;
use super::config::Config;
use super::{ClientBody, attributes};
use crate::ending::Outcome;
use crate::exchange::{Exchange, Left, exact_size};

pin_project! {
    /// The response to a [`ClientService`](super::ClientService) to come. Dropped before that, it ends the span as
    /// cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ClientFuture<F, C> {
        // First, so that spans within are dropped, and thus end, before the span around them.
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
        config: Arc<Config>,
        classify: C,
    }
}

impl<F, C> ClientFuture<F, C> {
    pub(super) fn new(inner: F, exchange: Exchange, config: Arc<Config>, classify: C) -> Self {
        Self { inner, exchange: Some(exchange), config, classify }
    }
}

impl<F, C, B, E> Future for ClientFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    C: Classify<E>,
    B: Body,
{
    type Output = Result<Response<ClientBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(exchange) = this.exchange else {
            return this.inner.poll(cx).map_ok(|response| response.map(ClientBody::unwatched));
        };
        let entered = exchange.enter();
        let polled = this.inner.poll(cx);
        entered.leave();
        let left = match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) => on_head(exchange, response, this.config),
            Poll::Ready(Err(error)) => {
                exchange.end(Outcome::Failed(this.classify.error_type(error)));
                Left::Nothing
            }
        };
        let exchange = this.exchange.take();
        polled.map_ok(|response| {
            response.map(|body| match left {
                Left::Nothing => ClientBody::unwatched(body),
                Left::Body => ClientBody::watched(body, exchange),
            })
        })
    }
}

/// What is left of the exchange when the head of the response is there.
fn on_head<B: Body>(exchange: &mut Exchange, response: &Response<B>, config: &Config) -> Left {
    exchange.record(|span| attributes::record_response(span, config, response));
    exchange.responded(response, exact_size(response))
}
