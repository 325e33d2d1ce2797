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
use crate::exchange::Exchange;

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
        let polled = match this.exchange {
            Some(exchange) => exchange.enter(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        };
        let Poll::Ready(result) = polled else { return Poll::Pending };
        let exchange = this.exchange.take();
        match result {
            Ok(response) => {
                let exchange = exchange.and_then(|exchange| on_head(exchange, &response, this.config));
                Poll::Ready(Ok(response.map(|body| ClientBody::new(body, exchange))))
            }
            Err(error) => {
                if let Some(exchange) = exchange {
                    exchange.end(Outcome::Failed(this.classify.error_type(&error)));
                }
                Poll::Ready(Err(error))
            }
        }
    }
}

/// What is left of the exchange when the head of the response is there.
fn on_head<B: Body>(exchange: Exchange, response: &Response<B>, config: &Config) -> Option<Exchange> {
    exchange.record(|span| attributes::record_response(span, config, response));
    exchange.responded(response.status(), response.headers(), response.body())
}
