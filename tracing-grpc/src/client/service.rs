//! The service that makes every call a span.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{HeaderMap, Request, Response};
use http_body::Body;
use opentelemetry::trace::TraceContextExt;
use tonic::GrpcMethod;
use tower_service::Service;
use tracing_core_lite::propagation::{Format, Inject};
use tracing_core_lite::{Context, SpanContext, SpanKind};

use super::metadata::Metadata;
use super::{ClientBody, ClientFuture};
use crate::call::Call;
use crate::config::Config;
use crate::deadline::GRPC_TIMEOUT;
use crate::ending::Side;
use crate::filter::Filter;
use crate::head::RequestHead;
use crate::hooks::{OnRequest, OnResponse};
use crate::semconv::GRPC;
use crate::trace_bin::{GRPC_TRACE_BIN, GrpcTraceBin};
use crate::{attributes, request_body};

/// Makes every call that is made through `S` a span; made by [`ClientLayer`](super::ClientLayer).
#[derive(Debug, Clone)]
pub struct ClientService<S, F = (), Q = (), P = ()> {
    pub(super) inner: S,
    pub(super) config: Arc<Config>,
    pub(super) filter: F,
    pub(super) on_request: Q,
    pub(super) on_response: P,
}

impl<S, F, Q: OnRequest, P> ClientService<S, F, Q, P> {
    #[inline]
    fn start<B>(&self, request: &mut Request<B>) -> Call {
        let config = &*self.config;
        let parent = Context::current();
        if !config.is_measured()
            && let Some(context) = config.tracer.unrecorded_child(parent.span().span_context(), &parent)
        {
            self.inject(context.span().span_context(), &parent, request.headers_mut());
            return Call::passed_on(context);
        }
        let head = RequestHead::of(request);
        let is_generated = head.extensions().get::<GrpcMethod<'static>>().is_some();
        let method = config.known_methods.look_up(head.uri().path(), is_generated);
        let span = config
            .tracer
            .span(method.name().unwrap_or(GRPC))
            .with_kind(SpanKind::Client)
            .with_parent(&parent)
            .start_with(|span| {
                attributes::record(span, config, &head, method);
                self.on_request.on_request(&head, span);
            });
        let context = span.in_context(&parent);
        let timeout = head.metadata().get(GRPC_TIMEOUT);
        let call = Call::new(&self.config, span, context, &head, method, timeout);
        self.inject(call.context().span().span_context(), &parent, request.headers_mut());
        call
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, headers: &mut HeaderMap) {
        let mut metadata = Metadata::of(headers);
        self.config.propagator.inject_span(span_context, context, &mut metadata);
        if self.config.writes_trace_bin {
            GrpcTraceBin.inject(span_context, context, &mut metadata);
        } else {
            // One that a proxy has received would contradict.
            metadata.remove(GRPC_TRACE_BIN);
        }
    }
}

impl<S, F, Q, P, B, R> Service<Request<B>> for ClientService<S, F, Q, P>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
    B: 'static,
    R: Body,
    F: Filter,
    Q: OnRequest,
    P: OnResponse + Clone,
{
    type Response = Response<ClientBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, P>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if !self.filter.is_traced(&RequestHead::of(&request)) {
            let current = Context::current();
            self.inject(current.span().span_context(), &current, request.headers_mut());
            return ClientFuture::new(self.inner.call(request), None, Side::Client, self.on_response.clone());
        }
        let mut call = self.start(&mut request);
        request_body::watch(request.body_mut(), &call, &self.config);
        let entered = call.enter();
        let inner = self.inner.call(request);
        entered.leave();
        ClientFuture::new(inner, Some(call), Side::Client, self.on_response.clone())
    }
}
