//! The future of a traced response.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::config::Config;
use super::hooks::OnResponse;
use super::route::Route;
use super::{ServerBody, ServerService, response_headers};
use crate::ending::Outcome;
use crate::error_type;
use crate::exchange::Exchange;
use crate::head::ResponseHead;
use crate::semconv::ROUTE;
use crate::span_name::SpanName;

pin_project! {
    /// The response of a [`ServerService`](super::ServerService) to come. Dropped before that, it ends the span as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ServerFuture<F, P = ()> {
        // First, so that spans within are dropped, and thus end, before the span around them.
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
        unrouted: Option<Method>,
        config: Arc<Config>,
        on_response: P,
    }
}

impl<F, P: Clone> ServerFuture<F, P> {
    pub(super) fn new<S, G, Q>(
        inner: F,
        exchange: Option<Exchange>,
        unrouted: Option<Method>,
        service: &ServerService<S, G, Q, P>,
    ) -> Self {
        let config = Arc::clone(&service.config);
        Self { inner, exchange, unrouted, config, on_response: service.on_response.clone() }
    }
}

impl<F, P, B, E> Future for ServerFuture<F, P>
where
    F: Future<Output = Result<Response<B>, E>>,
    P: OnResponse,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ServerBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = match this.exchange {
            Some(exchange) => exchange.enter(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        };
        let Poll::Ready(result) = polled else { return Poll::Pending };
        let Some(mut exchange) = this.exchange.take() else {
            return Poll::Ready(result.map(|response| response.map(|body| ServerBody::new(body, None))));
        };
        let mut response = match result {
            Ok(response) => response,
            Err(error) => {
                exchange.end(Outcome::Failed(error_type::of_any(&error)));
                return Poll::Ready(Err(error));
            }
        };
        if exchange.span_context().is_some() {
            on_head(&mut exchange, &mut response, this.unrouted.as_ref(), this.config, this.on_response);
        }
        let exchange = if exchange.responded(response.status(), response.headers(), response.body()) {
            Some(exchange)
        } else {
            exchange.end(Outcome::Complete);
            None
        };
        Poll::Ready(Ok(response.map(|body| ServerBody::new(body, exchange))))
    }
}

/// What is to be done when the head of the response is there.
fn on_head<B>(
    exchange: &mut Exchange,
    response: &mut Response<B>,
    unrouted: Option<&Method>,
    config: &Config,
    on_response: &impl OnResponse,
) {
    let late_route = unrouted.zip(response.extensions().get::<Route>());
    if let Some((method, route)) = late_route {
        #[cfg(feature = "metrics")]
        if let Some(measurement) = exchange.measurement() {
            measurement.route(route.as_str());
        }
        exchange.record(|span| {
            let name = SpanName::new(config.known_methods.fold(method), Some(route.as_str()));
            span.name(name.as_str()).set(ROUTE, route.as_str());
        });
    }
    if !config.response_headers.is_empty() || on_response.is_set() {
        exchange.record(|span| {
            config.response_headers.record(span, response.headers());
            on_response.on_response(&ResponseHead::of(response), span);
        });
    }
    if let Some(span_context) = exchange.span_context() {
        response_headers::add(config, span_context, response.headers_mut());
    }
}
