//! The service that makes every call a span.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{HeaderMap, Request, Response};
use http_body::Body;
use opentelemetry::trace::TraceContextExt;
use tonic::GrpcMethod;
use tower_service::Service;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::boundary::{OutboundBoundary, OutboundPolicy, Receiver};
use tracing_core_lite::propagation::{Format, Inject};
use tracing_core_lite::sampling::Record;
use tracing_core_lite::tower::{Call, Decision, Filter, Hooks, OnRequest, OnResponse, RequestHeaders, Start};

use super::{ClientBody, ClientFuture};
use crate::config::Config;
use crate::head::{RequestHead, ResponseHead};
use crate::on_head::GrpcOnHead;
use crate::record::callee::Callee;
use crate::record::deadline::GRPC_TIMEOUT;
use crate::record::semconv::SERVICE_PEER_NAME;
use crate::record::{GrpcCall, request_body};
use crate::start::{Parent, start_span};
use crate::trace_bin::{GRPC_TRACE_BIN, GrpcTraceBin};

/// A service that makes every call through `S` a span; made by [`ClientLayer`](super::ClientLayer).
#[derive(Debug, Clone)]
pub struct ClientService<S, F = (), Q = (), P = ()> {
    pub(super) inner: S,
    pub(super) config: Arc<Config>,
    pub(super) hooks: Hooks<F, Q, P>,
}

impl<S, F, Q, P> ClientService<S, F, Q, P>
where
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
{
    #[inline]
    fn start<B>(&self, request: &mut Request<B>) -> Call<GrpcCall> {
        let config = &*self.config;
        config.source.start(|start| {
            let base = &start.client_origin(request.extensions_mut());
            let base_span = base.span();
            let parent = Some(base_span.span_context());
            let head = RequestHead::of(request);
            if !self.hooks.is_traced(&head) {
                return self.inject(start, Call::unobserved(start.excluded(parent, base)), base, request);
            }
            let decision = start.decide(parent, base);
            if let (Some(parent), Decision::ByParent(Record::Drop)) = (parent, decision)
                && !config.is_measured()
            {
                let call = Call::unobserved(start.unrecorded_child(parent, base));
                return self.inject(start, call, base, request);
            }
            let is_generated = head.extensions().get::<GrpcMethod<'static>>().is_some();
            let method = config.known_methods.look_up(head.uri().path(), is_generated);
            let timeout = head.metadata().get(GRPC_TIMEOUT);
            let parent = Parent { span: parent, base, decision };
            let on_request = &self.hooks.on_request;
            let call = start_span(start, &self.config, &head, method, &parent, timeout, on_request);
            self.inject(start, call, base, request)
        })
    }

    /// Writes the context of `call` to the metadata.
    #[inline]
    fn inject<B>(
        &self,
        start: &Start<'_>,
        call: Call<GrpcCall>,
        base: &Context,
        request: &mut Request<B>,
    ) -> Call<GrpcCall> {
        if let Some(boundary) = &self.config.outbound {
            self.inject_within(boundary, start, &call, base, request);
            return call;
        }
        let span = call.context().span();
        let span_context = span.span_context();
        let mut headers = RequestHeaders::of(request.headers_mut());
        start.inject(span_context, base, &mut headers);
        if self.config.writes_trace_bin {
            GrpcTraceBin.inject(span_context, base, &mut headers);
        } else {
            // The header of an earlier hop would contradict the context.
            headers.remove(GRPC_TRACE_BIN);
        }
        call
    }

    /// Writes what `boundary` allows. The binary header is sent only where everything is.
    #[inline(never)]
    fn inject_within<B>(
        &self,
        boundary: &OutboundBoundary,
        start: &Start<'_>,
        call: &Call<GrpcCall>,
        base: &Context,
        request: &mut Request<B>,
    ) {
        let server = Callee::of(&self.config, request.uri()).parse();
        let receiver = server.map_or(Receiver::Unknown, |server| Receiver::Host(server.host, server.port));
        let policy = boundary.policy_of(receiver);
        let partner = boundary.partner_of(receiver);
        let span_context = call.context().span().span_context().clone();
        let mut headers = HeaderMap::new();
        std::mem::swap(&mut headers, request.headers_mut());
        let sent = start.inject_as(policy, &span_context, base, &mut headers);
        if self.config.writes_trace_bin && policy == OutboundPolicy::Everything {
            GrpcTraceBin.inject(&span_context, base, &mut headers);
        } else {
            Inject::remove(&mut headers, GRPC_TRACE_BIN);
        }
        call.record(|span| {
            sent.record(span);
            span.set_some(SERVICE_PEER_NAME, partner);
        });
        *request.headers_mut() = headers;
    }
}

impl<S, F, Q, P, B, R> Service<Request<B>> for ClientService<S, F, Q, P>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
    B: 'static,
    R: Body,
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
{
    type Response = Response<ClientBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, P>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let call = self.start(&mut request);
        request_body::record(request.body_mut(), &call, &self.config);
        let on_head = GrpcOnHead { on_response: self.hooks.on_response.clone() };
        ClientFuture::start(call, on_head, || self.inner.call(request))
    }
}
