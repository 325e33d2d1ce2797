//! The service that makes every attempt a span.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response};
use http_body::Body;
use opentelemetry::trace::TraceContextExt;
use tower_service::Service;
use tracing_core_lite::sampling::Record;
use tracing_core_lite::tower::{Call, Decision, Filter, Hooks, OnRequest, OnResponse, RequestHeaders, Start};
use tracing_core_lite::{Context, SpanContext, SpanKind};

use super::classify::{Classify, StdErrors};
use super::config::ClientConfig;
use super::on_head::ClientOnHead;
use super::url_template::UrlTemplate;
use super::{ClientBody, ClientFuture, resend};
use crate::head::{RequestHead, ResponseHead};
use crate::record::client::{Target, record_request};
use crate::record::client_view::ClientView;
use crate::record::span_name::span_name;
use crate::record::{HttpCall, Side};

/// An extension of a request whose headers are meant for its host alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnderBoundary;

/// A service that makes every request that `S` sends a span; made by [`ClientLayer`](super::ClientLayer).
#[derive(Debug, Clone)]
pub struct ClientService<S, C = StdErrors, F = (), Q = (), P = ()> {
    pub(super) inner: S,
    pub(super) config: Arc<ClientConfig>,
    pub(super) classify: C,
    pub(super) hooks: Hooks<F, Q, P>,
}

impl<S, C, F, Q, P> ClientService<S, C, F, Q, P>
where
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
{
    #[inline]
    fn start<B>(&self, request: &mut Request<B>) -> Call<HttpCall> {
        self.config.common.source.start(|start| {
            let base = start.client_origin(request.extensions_mut());
            resend::note(&base, request.extensions_mut());
            let base_span = base.span();
            let parent = Some(base_span.span_context());
            let head = RequestHead::of(request);
            let policy = match &self.config.outbound {
                None => None,
                Some(_) => self.config.outbound_policy(Target::of(&head).receiver()),
            };
            let inject = |call: Call<HttpCall>, request: &mut Request<B>| {
                let span = call.context().span();
                let span_context = span.span_context();
                let mut headers = RequestHeaders::of(request.headers_mut());
                match policy {
                    None => start.inject(span_context, &base, &mut headers),
                    Some(policy) => {
                        let sent = start.inject_as(policy, span_context, &base, &mut headers);
                        call.record(|span| sent.record(span));
                        request.extensions_mut().insert(UnderBoundary);
                    }
                }
                call
            };
            if !self.hooks.is_traced(&head) {
                return inject(Call::unobserved(start.excluded(parent, &base)), request);
            }
            let decision = start.decide(parent, &base);
            if let (Some(parent), Decision::ByParent(Record::Drop)) = (parent, decision)
                && !self.config.common.is_measured()
            {
                return inject(Call::unobserved(start.unrecorded_child(parent, &base)), request);
            }
            let call = self.start_span(start, &head, parent, &base, decision);
            inject(call, request)
        })
    }

    #[inline]
    fn start_span(
        &self,
        start: &Start<'_>,
        head: &RequestHead<'_>,
        parent: Option<&SpanContext>,
        base: &Context,
        decision: Decision,
    ) -> Call<HttpCall> {
        let config = &*self.config;
        let method = config.common.known_methods.fold(head.method());
        let template = head.extensions().get().map(UrlTemplate::as_str);
        let name = span_name(method, template);
        let target = Target::of(head);
        let view = || ClientView { config, request: head, target: &target, method, template };
        let span = start.span_of_request(view, &name, SpanKind::Client, (parent, base), decision, |span| {
            record_request(span, config, head, &target, method, template);
        });
        let context = span.in_context(base);
        if !span.is_recording() && !config.common.is_measured() {
            return Call::unobserved(context);
        }
        #[cfg_attr(not(feature = "metrics"), allow(unused_mut))]
        let mut protocol = HttpCall::new(Side::Client, head.method(), config.common.body_sizes);
        #[cfg(feature = "metrics")]
        if let Some(metrics) = &config.common.metrics {
            use crate::record::metrics::Measurement;
            let measurement = Measurement::of_client(metrics, method, target.host_and_port());
            protocol.measurement = Some(Box::new(measurement));
        }
        let mut call = Call::observed(context, span, protocol);
        if self.hooks.on_request.is_set() {
            call.run_hook(|span| self.hooks.on_request.on_request(head, span));
        }
        call
    }
}

impl<S, C, F, Q, P, B, R> Service<Request<B>> for ClientService<S, C, F, Q, P>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: Classify<S::Error> + Clone,
    R: Body,
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
{
    type Response = Response<ClientBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, C, P>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let call = self.start(&mut request);
        let on_head = ClientOnHead {
            config: Arc::clone(&self.config),
            classify: self.classify.clone(),
            on_response: self.hooks.on_response.clone(),
        };
        ClientFuture::start(call, on_head, || self.inner.call(request))
    }
}
