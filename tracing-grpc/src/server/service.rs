//! The service that makes every call a span.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{HeaderValue, Request, Response};
use http_body::Body;
use tonic::server::NamedService;
use tower_service::Service;
use tracing_core_lite::layer_support::HeaderScan;
use tracing_core_lite::net::HostPort;
use tracing_core_lite::propagation::boundary::Sender;
use tracing_core_lite::sampling::Record;
use tracing_core_lite::tower::{
    AnyBody, Call, Decision, Filter, Hooks, OnRequest, OnResponse, Origin, RequestContext, ResponseBody,
};

use super::ServerFuture;
use crate::config::Config;
use crate::head::{RequestHead, ResponseHead};
use crate::on_head::GrpcOnHead;
use crate::record::deadline::GRPC_TIMEOUT;
use crate::record::{GrpcCall, address, request_body};
use crate::start::{Parent, start_span};
use crate::trace_bin;

/// A service that makes every call to `S` a span; made by [`ServerLayer`](super::ServerLayer).
#[derive(Debug, Clone)]
pub struct ServerService<S, W = AnyBody, F = (), Q = (), P = ()> {
    pub(super) inner: S,
    pub(super) config: Arc<Config>,
    pub(super) hooks: Hooks<F, Q, P>,
    pub(super) response_body: PhantomData<fn() -> W>,
}

/// A call that has started.
struct Started {
    call: Call<GrpcCall>,
    is_new_trace: bool,
    /// Whether the sender is not trusted.
    is_bounded: bool,
}

impl<S, W, F, Q, P> ServerService<S, W, F, Q, P>
where
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
{
    /// Starts a call.
    #[inline]
    fn start(&self, head: &RequestHead<'_>) -> Started {
        self.config.source.start(|start| {
            let headers = start.scan(head.metadata());
            let caller = |headers: &HeaderScan<'_>| trace_bin::caller(headers);
            let origin = &match &self.config.inbound {
                None => start.server_origin(&headers, head.extensions(), caller),
                Some(boundary) => {
                    let policy = boundary.policy_of(&sender(head));
                    start.server_origin_by(policy, &headers, head.extensions(), caller)
                }
            };
            let Origin { parent, base, is_bounded, .. } = origin;
            let (is_new_trace, is_bounded) = (origin.is_new_trace(), *is_bounded);
            let started = |call| Started { call, is_new_trace, is_bounded };
            let parent = parent.as_ref();
            if !self.hooks.is_traced(head) {
                return started(Call::unobserved(start.excluded(parent, base)));
            }
            let decision = start.decide(parent, base);
            if let (Some(parent), Decision::ByParent(Record::Drop)) = (parent, decision)
                && !self.config.is_measured()
            {
                return started(Call::unobserved(start.unrecorded_child(parent, base)));
            }
            let method = self.config.known_methods.look_up(head.uri().path(), false);
            let timeout: Option<&HeaderValue> = headers.value(GRPC_TIMEOUT);
            let parent_of_call = Parent { span: parent, base, decision };
            let call = start_span(
                start,
                &self.config,
                head,
                method,
                &parent_of_call,
                timeout,
                &self.hooks.on_request,
            );
            started(call)
        })
    }
}

impl<S, W, F, Q, P, B, R> Service<Request<B>> for ServerService<S, W, F, Q, P>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
    B: 'static,
    R: Body,
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
    W: ResponseBody<GrpcCall, R>,
{
    type Response = Response<W::Body>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future, P, W>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Started { call, is_new_trace, is_bounded } = self.start(&RequestHead::of(&request));
        if is_bounded {
            self.config.source.start(|start| start.remove_context(request.headers_mut()));
        }
        if is_new_trace {
            request.extensions_mut().insert(RequestContext::new(call.context().clone()));
        }
        request_body::record(request.body_mut(), &call, &self.config);
        let on_head = GrpcOnHead { on_response: self.hooks.on_response.clone() };
        if calls_later::<S>() {
            return ServerFuture::new(self.inner.call(request), Some(call), on_head);
        }
        ServerFuture::start(call, on_head, || self.inner.call(request))
    }
}

/// Returns what is known about the sender of a call.
fn sender<'a>(head: &RequestHead<'a>) -> Sender<'a> {
    let host = head.uri().authority().and_then(|authority| HostPort::parse(authority.as_str()));
    Sender::new(head.metadata())
        .with_peer(address::peer(head.extensions()).map(|peer| peer.ip()))
        .with_host(host.map(|host| (host.host, host.port)))
        .with_identity(head.extensions().get())
}

/// Returns whether calling an `S` runs no code of the user: the routes of a tonic server call their service when their
/// future is polled. The context then need not be current during the call.
///
/// Compares names, because comparing `TypeId`s would restrict the layer to services that are `'static`. A foreign type of
/// the same name costs nothing but the context during its call.
#[inline]
fn calls_later<S>() -> bool {
    std::any::type_name::<S>() == std::any::type_name::<tonic::service::Routes>()
}

impl<S: NamedService, W, F, Q, P> NamedService for ServerService<S, W, F, Q, P> {
    const NAME: &'static str = S::NAME;
}
