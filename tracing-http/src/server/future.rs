//! The future of a traced response.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::config::Config;
use super::hooks::OnResponse;
use super::response_body::{ResponseBody, Wrapped};
use super::response_headers;
use super::route::Route;
use crate::TracedBody;
use crate::ending::Outcome;
use crate::error_type;
use crate::exchange::{Exchange, Left, exact_size};
use crate::head::ResponseHead;
use crate::semconv::ROUTE;
use crate::span_name::span_name;

pin_project! {
    /// The response of a [`ServerService`](super::ServerService) to come. Dropped before that, it ends the span as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ServerFuture<F, P = (), W = Wrapped> {
        // First, so that spans within are dropped, and thus end, before the span around them.
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
        on_head: Option<OnHead<P>>,
        response_body: PhantomData<fn() -> W>,
    }
}

/// What is to be done when the head of the response is there.
#[derive(Debug)]
pub(super) struct OnHead<P> {
    pub(super) config: Arc<Config>,
    pub(super) has_route: bool,
    pub(super) on_response: P,
}

impl<F, P, W> ServerFuture<F, P, W> {
    #[inline]
    pub(super) fn new(inner: F, exchange: Option<Exchange>, on_head: Option<OnHead<P>>) -> Self {
        Self { inner, exchange, on_head, response_body: PhantomData }
    }
}

impl<F, P, W, B, E> Future for ServerFuture<F, P, W>
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
        let Some(exchange) = this.exchange else {
            return this.inner.poll(cx).map_ok(W::unwatched);
        };
        let entered = exchange.enter();
        let mut polled = this.inner.poll(cx);
        let exact = match &polled {
            Poll::Ready(Ok(response)) => exact_size(response),
            _ => None,
        };
        if exact.is_some() && this.on_head.is_none() {
            entered.leave_for_good();
        } else {
            entered.leave();
        }
        // The response stays where it is, as it is large, for as long as it is not known to be watched.
        let left = match &mut polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) => {
                if let Some(on_head) = this.on_head {
                    on_head.run(exchange, response);
                }
                exchange.responded(response, exact)
            }
            Poll::Ready(Err(error)) => {
                exchange.end(Outcome::Failed(error_type::of_any(error)));
                Left::Nothing
            }
        };
        let Left::Body = left else {
            *this.exchange = None;
            return polled.map_ok(W::unwatched);
        };
        let exchange = this.exchange.take();
        polled.map_ok(|response| response.map(|body| W::watched(TracedBody::watched(body, exchange))))
    }
}

impl<P: OnResponse> OnHead<P> {
    #[inline(never)]
    fn run<B>(&self, exchange: &mut Exchange, response: &mut Response<B>) {
        if !self.has_route {
            self.record_route(exchange, response);
        }
        if !self.config.response_headers.is_empty() || self.on_response.is_set() {
            exchange.record(|span| {
                self.config.response_headers.record(span, response.headers());
                self.on_response.on_response(&ResponseHead::of(response), span);
            });
        }
        response_headers::add(&self.config, exchange, response.headers_mut());
    }

    /// For routes that are known only after routing.
    fn record_route<B>(&self, exchange: &mut Exchange, response: &Response<B>) {
        let Some(route) = response.extensions().get::<Route>() else { return };
        #[cfg(feature = "metrics")]
        if let Some(measurement) = exchange.measurement() {
            measurement.route(route.as_str());
        }
        let Some(method) = exchange.method() else { return };
        let name = span_name(self.config.known_methods.fold(method), Some(route.as_str()));
        exchange.record(|span| {
            span.set_name(&name).set(ROUTE, route.as_str());
        });
    }
}
