//! The service that makes every request a span.

#[cfg(feature = "axum")]
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;
use tower_service::Service;
use tracing_core_lite::SpanKind;
use tracing_core_lite::layer_support::HeaderScan;

use super::config::Config;
use super::filter::Filter;
use super::future::{OnHead, ServerFuture};
use super::hooks::{OnRequest, OnResponse};
use super::response_body::{ResponseBody, Wrapped};
use super::{attributes, parameterize, route};
use crate::ending::Side;
use crate::exchange::{Exchange, Wants};
use crate::head::RequestHead;
use crate::span_name::span_name;

/// Makes every request to `S` a span; made by [`ServerLayer`](super::ServerLayer).
#[derive(Debug, Clone)]
pub struct ServerService<S, F = (), Q = (), P = (), W = Wrapped> {
    pub(super) inner: S,
    pub(super) config: Arc<Config>,
    pub(super) filter: F,
    pub(super) on_request: Q,
    pub(super) on_response: P,
    pub(super) response_body: PhantomData<fn() -> W>,
}

impl<S, F, Q: OnRequest, P, W> ServerService<S, F, Q, P, W> {
    /// Starts the span; its exchange, and whether its route is known or not needed.
    #[inline]
    fn start(&self, head: &RequestHead<'_>) -> (Exchange, bool) {
        let config = &*self.config;
        let headers = HeaderScan::of(head.headers());
        let (caller, base) = config.propagator.extract_parent(&headers);
        let (caller, base) = (caller.as_ref(), &base);
        if let (Some(caller), false) = (caller, config.is_measured())
            && let Some(context) = config.tracer.unrecorded_child(caller, base)
        {
            return (Exchange::passed_on(context), true);
        }
        let method = config.known_methods.fold(head.method());
        let route = route::of_request(head, config.route_finder.as_ref());
        let pattern = match &route {
            None if config.parameterize => Some(parameterize::parameterize(head.uri().path())),
            _ => None,
        };
        let name = span_name(method, route.as_deref().or(pattern.as_deref()));
        let mut builder = config.tracer.span(&name).with_kind(SpanKind::Server).with_parent(base);
        if let Some(caller) = caller {
            builder = builder.with_remote_parent(caller);
        }
        let span = builder.start_with(|span| {
            attributes::record(span, config, head, &headers, method, route.as_deref());
            self.on_request.on_request(head, span);
        });
        let context = span.in_context(base);
        let wants = Wants {
            body_size: config.body_sizes,
            #[cfg(feature = "metrics")]
            measurement: config.metrics.as_ref().map(|metrics| {
                let scheme = attributes::scheme_for_metrics(config, head);
                Box::new(metrics.start(head, method, scheme, route.as_deref()))
            }),
        };
        (Exchange::new(Side::Server, span, context, head.method(), wants), route.is_some())
    }

    /// A request that gets no span: what the caller sent along, if it sent anything.
    #[cold]
    fn pass_on(&self, head: &RequestHead<'_>) -> Option<Exchange> {
        let (caller, base) = self.config.propagator.extract_parent(&HeaderScan::of(head.headers()));
        match caller {
            Some(caller) => Some(Exchange::passed_on(base.with_remote_span_context(caller))),
            None if base.baggage().is_empty() => None,
            None => Some(Exchange::passed_on(base)),
        }
    }
}

impl<S, F, Q, P, W, B, R> Service<Request<B>> for ServerService<S, F, Q, P, W>
where
    S: Service<Request<B>, Response = Response<R>> + 'static,
    S::Error: 'static,
    R: Body,
    F: Filter,
    Q: OnRequest,
    P: OnResponse + Clone,
    W: ResponseBody<R>,
{
    type Response = Response<W::Body>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future, P, W>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let head = RequestHead::of(&request);
        if !self.filter.is_traced(&head) {
            let Some(mut exchange) = self.pass_on(&head) else {
                return ServerFuture::new(self.inner.call(request), None, None);
            };
            let entered = exchange.enter();
            let inner = self.inner.call(request);
            entered.leave();
            return ServerFuture::new(inner, Some(exchange), None);
        }
        let (mut exchange, has_route) = self.start(&head);
        let is_recorded = exchange.is_watched() && (!has_route || self.on_response.is_set());
        let wants_response = is_recorded || self.config.wants_response();
        let on_head = wants_response.then(|| OnHead {
            config: Arc::clone(&self.config),
            has_route,
            on_response: self.on_response.clone(),
        });
        if calls_later::<S>() {
            return ServerFuture::new(self.inner.call(request), Some(exchange), on_head);
        }
        let entered = exchange.enter();
        let inner = self.inner.call(request);
        entered.leave();
        ServerFuture::new(inner, Some(exchange), on_head)
    }
}

/// Whether to call an `S` runs nothing of the user's: axum's route makes a future, which calls the service within when it is polled.
/// The context need not be current before that, which saves a request 280 instructions.
#[inline]
fn calls_later<S: 'static>() -> bool {
    #[cfg(feature = "axum")]
    return TypeId::of::<S>() == TypeId::of::<axum::routing::Route>();
    #[cfg(not(feature = "axum"))]
    return false;
}
