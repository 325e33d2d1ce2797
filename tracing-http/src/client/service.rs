//! The service that makes every attempt a span.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use tracing_core_lite::SpanKind;

use super::classify::{Classify, StdErrors};
use super::config::Config;
use super::future::ClientFuture;
use super::url_template::UrlTemplate;
use super::{ClientBody, attributes, resend};
use crate::ending::Side;
use crate::exchange::{Exchange, Wants};
use crate::head::RequestHead;
use crate::span_name::span_name;

/// Makes every request that is sent by `S` a span; made by [`ClientLayer`](super::ClientLayer).
#[derive(Debug, Clone)]
pub struct ClientService<S, C = StdErrors> {
    pub(super) inner: S,
    pub(super) config: Arc<Config>,
    pub(super) classify: C,
}

impl<S, C> ClientService<S, C> {
    fn start<B>(&self, request: &mut Request<B>) -> Exchange {
        resend::note(request.extensions_mut());
        let config = &*self.config;
        let head = RequestHead::of(request);
        let method = config.known_methods.fold(head.method());
        let template = head.extensions().get().map(UrlTemplate::as_str);
        let name = span_name(method, template);
        let parent = tracing_core_lite::Context::current();
        let builder = config.tracer.span(&name).with_kind(SpanKind::Client).with_parent(&parent);
        let span = builder.start_with(|span| {
            attributes::record_request(span, config, &head, method, template);
        });
        let context = span.in_context(&parent);
        let span_context = span.span_context().clone();
        let wants = Wants {
            body_size: config.body_sizes,
            #[cfg(feature = "metrics")]
            measurement: None,
        };
        let exchange = Exchange::new(Side::Client, span, context, head.method(), wants);
        config.propagator.inject_span(&span_context, &parent, request.headers_mut());
        exchange
    }
}

impl<S, C, B, R> Service<Request<B>> for ClientService<S, C>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: Classify<S::Error> + Clone,
    R: Body,
{
    type Response = Response<ClientBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut exchange = self.start(&mut request);
        let entered = exchange.enter();
        let inner = self.inner.call(request);
        entered.leave();
        ClientFuture::new(inner, exchange, Arc::clone(&self.config), self.classify.clone())
    }
}
