//! Starts the span of a call, on either side.

use std::sync::Arc;

use http::HeaderValue;
use tracing_core_lite::tower::{Call, Decision, OnRequest, Start};
use tracing_core_lite::{Context, SpanContext, SpanKind};

use crate::config::Config;
use crate::head::RequestHead;
use crate::record::method::Method;
use crate::record::semconv::GRPC;
use crate::record::view::CallView;
use crate::record::{GrpcCall, attributes};

/// Where a call comes from, and how it is sampled.
pub(crate) struct Parent<'a> {
    pub(crate) span: Option<&'a SpanContext>,
    pub(crate) base: &'a Context,
    pub(crate) decision: Decision,
}

/// Starts the span of a call.
#[inline]
pub(crate) fn start_span<Q>(
    start: &Start<'_>,
    config: &Arc<Config>,
    head: &RequestHead<'_>,
    method: Method<'_>,
    parent: &Parent<'_>,
    timeout: Option<&HeaderValue>,
    on_request: &Q,
) -> Call<GrpcCall>
where
    Q: for<'a> OnRequest<RequestHead<'a>>,
{
    let Parent { span: parent, base, decision } = *parent;
    let kind = if config.side.is_client() { SpanKind::Client } else { SpanKind::Server };
    let view = || CallView { config, request: head, method };
    let span =
        start.span_of_request(view, method.name().unwrap_or(GRPC), kind, (parent, base), decision, |span| {
            attributes::record(span, config, head, method);
        });
    let context = span.in_context(base);
    if !span.is_recording() && !config.is_measured() {
        return Call::unobserved(context);
    }
    #[cfg_attr(not(feature = "metrics"), allow(unused_mut))]
    let mut protocol = GrpcCall::new(config, method, timeout);
    #[cfg(feature = "metrics")]
    if let Some(metrics) = &config.metrics {
        use crate::record::callee::Callee;
        use crate::record::metrics::Measurement;
        let server = Callee::of(config, head.uri()).parse();
        protocol.measurement =
            Some(Box::new(Measurement::start(metrics, config.side, method.name(), server)));
    }
    let mut call = Call::observed(context, span, protocol);
    if on_request.is_set() {
        call.run_hook(|span| on_request.on_request(head, span));
    }
    call
}
