//! The service that makes every request a span.

use std::cell::LazyCell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::uri::Authority;
use http::{Request, Response, header};
use http_body::Body;
use tower_service::Service;
use tracing_core_lite::SpanKind;
use tracing_core_lite::layer_support::HeaderScan;
use tracing_core_lite::net::HostPort;
use tracing_core_lite::propagation::boundary::Sender;
use tracing_core_lite::sampling::Record;
use tracing_core_lite::tower::{
    AnyBody, Call, Decision, Filter, Hooks, OnRequest, OnResponse, Origin, RequestContext, ResponseBody,
    Start,
};

use super::ServerFuture;
use super::config::ServerConfig;
use super::on_head::ServerOnHead;
use super::route;
use crate::head::{RequestHead, ResponseHead};
use crate::record::server::{Addresses, peer, record_request};
use crate::record::server_view::ServerView;
use crate::record::span_name::span_name;
use crate::record::{HttpCall, Side, parameterize};

/// A service that makes every request to `S` a span; made by [`ServerLayer`](super::ServerLayer).
#[derive(Debug, Clone)]
pub struct ServerService<S, W = AnyBody, F = (), Q = (), P = ()> {
    pub(super) inner: S,
    pub(super) config: Arc<ServerConfig>,
    pub(super) hooks: Hooks<F, Q, P>,
    pub(super) response_body: PhantomData<fn() -> W>,
}

/// A request whose call has started.
struct Started {
    call: Call<HttpCall>,
    /// Whether the route is known, or not needed.
    has_route: bool,
    is_new_trace: bool,
    /// Whether the sender is not trusted.
    is_bounded: bool,
}

impl<S, W, F, Q, P> ServerService<S, W, F, Q, P>
where
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
{
    #[inline]
    fn start(&self, head: &RequestHead<'_>) -> Started {
        self.config.common.source.start(|start| {
            let headers = start.scan(head.headers());
            let origin = &match &self.config.inbound {
                None => start.server_origin(&headers, head.extensions(), |_| None),
                Some(boundary) => {
                    let policy = boundary.policy_of(&sender(head));
                    start.server_origin_by(policy, &headers, head.extensions(), |_| None)
                }
            };
            let Origin { parent, base, is_bounded, .. } = origin;
            let (is_new_trace, is_bounded) = (origin.is_new_trace(), *is_bounded);
            let unobserved = |context| Started {
                call: Call::unobserved(context),
                has_route: true,
                is_new_trace,
                is_bounded,
            };
            if !self.hooks.is_traced(head) {
                return unobserved(start.excluded(parent.as_ref(), base));
            }
            let decision = start.decide(parent.as_ref(), base);
            if let (Some(parent), Decision::ByParent(Record::Drop)) = (parent, decision)
                && !self.config.common.is_measured()
            {
                return unobserved(start.unrecorded_child(parent, base));
            }
            let (call, has_route) = self.start_span(start, head, &headers, parent.as_ref(), base, decision);
            Started { call, has_route, is_new_trace, is_bounded }
        })
    }

    /// Starts the span. Returns its call, and whether its route is known.
    #[inline]
    fn start_span(
        &self,
        start: &Start<'_>,
        head: &RequestHead<'_>,
        headers: &HeaderScan<'_>,
        parent: Option<&tracing_core_lite::SpanContext>,
        base: &tracing_core_lite::Context,
        decision: Decision,
    ) -> (Call<HttpCall>, bool) {
        let config = &*self.config;
        let method = config.common.known_methods.fold(head.method());
        let route = route::of_request(head, config.route_finder.as_ref());
        let pattern = match &route {
            None if config.parameterize => Some(parameterize::parameterize(head.uri().path())),
            _ => None,
        };
        let name = span_name(method, route.as_deref().or(pattern.as_deref()));
        let addresses = LazyCell::new(|| Addresses::of(config, head));
        let view =
            || ServerView { config, request: head, addresses: &addresses, method, route: route.as_deref() };
        let span = start.span_of_request(view, &name, SpanKind::Server, (parent, base), decision, |span| {
            record_request(span, config, head, headers, &addresses, method, route.as_deref());
        });
        let context = span.in_context(base);
        if !span.is_recording() && !config.common.is_measured() {
            return (Call::unobserved(context), true);
        }
        #[cfg_attr(not(feature = "metrics"), allow(unused_mut))]
        let mut protocol = HttpCall::new(Side::Server, head.method(), config.common.body_sizes);
        #[cfg(feature = "metrics")]
        if let Some(metrics) = &config.common.metrics {
            use crate::record::metrics::Measurement;
            let scheme = addresses.scheme_for_metrics(config, head);
            protocol.measurement =
                Some(Box::new(Measurement::of_server(metrics, head, method, scheme, route.as_deref())));
        }
        let mut call = Call::observed(context, span, protocol);
        if self.hooks.on_request.is_set() {
            call.run_hook(|span| self.hooks.on_request.on_request(head, span));
        }
        (call, route.is_some())
    }
}

impl<S, W, F, Q, P, B, R> Service<Request<B>> for ServerService<S, W, F, Q, P>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
    R: Body,
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
    W: ResponseBody<HttpCall, R>,
{
    type Response = Response<W::Body>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future, P, W>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Started { call, has_route, is_new_trace, is_bounded } = self.start(&RequestHead::of(&request));
        if is_bounded {
            self.config.common.source.start(|start| start.remove_context(request.headers_mut()));
        }
        if is_new_trace {
            request.extensions_mut().insert(RequestContext::new(call.context().clone()));
        }
        let on_head = ServerOnHead::new(&self.config, &self.hooks.on_response, call.is_watched(), has_route);
        if calls_later::<S>() {
            return ServerFuture::new(self.inner.call(request), Some(call), on_head);
        }
        ServerFuture::start(call, on_head, || self.inner.call(request))
    }
}

/// Returns what is known about the sender of a request.
fn sender<'a>(head: &RequestHead<'a>) -> Sender<'a> {
    let uri_host = head.uri().authority().map(Authority::as_str);
    let host = uri_host.or_else(|| head.headers().get(header::HOST)?.to_str().ok());
    Sender::new(head.headers())
        .with_peer(peer(head).map(|peer| peer.ip()))
        .with_host(host.and_then(HostPort::parse).map(|host| (host.host, host.port)))
        .with_identity(head.extensions().get())
}

/// Returns whether calling an `S` runs no code of the user: a route of axum calls its service when its future is polled.
/// The context then need not be current during the call.
///
/// Compares names, because comparing `TypeId`s would restrict the layer to services that are `'static`. A foreign type of
/// the same name costs nothing but the context during its call.
#[inline]
fn calls_later<S>() -> bool {
    #[cfg(feature = "axum")]
    return std::any::type_name::<S>() == std::any::type_name::<axum::routing::Route>();
    #[cfg(not(feature = "axum"))]
    return false;
}
