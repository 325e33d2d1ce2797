//! The service that makes every call a span.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use opentelemetry::trace::TraceContextExt;
use tonic::server::NamedService;
use tower_service::Service;
use tracing_core_lite::SpanKind;
use tracing_core_lite::layer_support::HeaderScan;

use super::ServerFuture;
use crate::call::Call;
use crate::config::Config;
use crate::deadline::GRPC_TIMEOUT;
use crate::ending::Side;
use crate::filter::Filter;
use crate::head::RequestHead;
use crate::hooks::{OnRequest, OnResponse};
use crate::response_body::{ResponseBody, Wrapped};
use crate::semconv::GRPC;
use crate::{attributes, request_body, trace_bin};

/// Makes every call to `S` a span; made by [`ServerLayer`](super::ServerLayer).
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
    #[inline]
    fn start(&self, head: &RequestHead<'_>) -> Call {
        let config = &*self.config;
        let headers = HeaderScan::of(head.metadata());
        // In place, as in `pass_on`: a function for both would move the span context, 64 bytes, twice more.
        let (mut caller, base) = config.propagator.extract_parent(&headers);
        if caller.is_none() {
            caller = trace_bin::caller(&headers);
        }
        if let (Some(caller), false) = (&caller, config.is_measured())
            && let Some(context) = config.tracer.unrecorded_child(caller, &base)
        {
            return Call::passed_on(context);
        }
        let method = config.known_methods.look_up(head.uri().path(), false);
        let mut builder =
            config.tracer.span(method.name().unwrap_or(GRPC)).with_kind(SpanKind::Server).with_parent(&base);
        if let Some(caller) = &caller {
            builder = builder.with_remote_parent(caller);
        }
        let span = builder.start_with(|span| {
            attributes::record(span, config, head, method);
            self.on_request.on_request(head, span);
        });
        let context = span.in_context(&base);
        Call::new(&self.config, span, context, head, method, headers.value(GRPC_TIMEOUT))
    }

    /// A call that gets no span: the caller's context, if there is one.
    #[cold]
    fn pass_on(&self, head: &RequestHead<'_>) -> Option<Call> {
        let headers = HeaderScan::of(head.metadata());
        let (caller, base) = self.config.propagator.extract_parent(&headers);
        let caller = caller.or_else(|| trace_bin::caller(&headers))?;
        Some(Call::passed_on(base.with_remote_span_context(caller)))
    }
}

impl<S, F, Q, P, W, B, R> Service<Request<B>> for ServerService<S, F, Q, P, W>
where
    S: Service<Request<B>, Response = Response<R>> + 'static,
    S::Error: 'static,
    B: 'static,
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let head = RequestHead::of(&request);
        let call = if self.filter.is_traced(&head) { Some(self.start(&head)) } else { self.pass_on(&head) };
        let Some(mut call) = call else {
            return ServerFuture::new(self.inner.call(request), None, Side::Server, self.on_response.clone());
        };
        request_body::watch(request.body_mut(), &call, &self.config);
        if calls_later::<S>() {
            return ServerFuture::new(
                self.inner.call(request),
                Some(call),
                Side::Server,
                self.on_response.clone(),
            );
        }
        let entered = call.enter();
        let inner = self.inner.call(request);
        entered.leave();
        ServerFuture::new(inner, Some(call), Side::Server, self.on_response.clone())
    }
}

/// Whether to call an `S` runs nothing of the user's: the routes of a tonic server make a future, which calls the service
/// when it is polled. The context need not be current before that, which saves a call to attach it.
#[inline]
fn calls_later<S: 'static>() -> bool {
    TypeId::of::<S>() == TypeId::of::<tonic::service::Routes>()
}

impl<S: NamedService, F, Q, P, W> NamedService for ServerService<S, F, Q, P, W> {
    const NAME: &'static str = S::NAME;
}
