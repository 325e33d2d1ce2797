//! A request from anywhere, through a server layer with trusted proxies and trust boundaries.

#![no_main]

use std::convert::Infallible;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use fuzz::{Input, recorded};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use libfuzzer_sys::fuzz_target;
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::propagation::boundary::{InboundBoundary, InboundPolicy, Partner};
use tracing_http::server::{ForwardedBy, ServerLayer, TrustedProxies};

static FORMATS: LazyLock<Propagator> = LazyLock::new(|| {
    let names = "tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog";
    Propagator::from_names(names).expect("known names")
});

const NAMES: [&str; 18] = [
    "traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "uberctx-a", "x-datadog-trace-id",
    "x-datadog-parent-id", "x-datadog-tags", "host", "user-agent", "forwarded", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "content-length", "x-partner", "x-amzn-trace-id",
];

/// A service that answers at once.
#[derive(Clone)]
struct Echo;

impl Service<Request<String>> for Echo {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let mut response = Response::new(String::new());
        *response.headers_mut() = request.headers().clone();
        std::future::ready(Ok(response))
    }
}

fn boundary(selector: u8) -> InboundBoundary {
    let partner = Partner::new("partner").with_baggage_keys(["tenant"]).with_tracestate_keys(["p"]);
    let policy = [InboundPolicy::Trusted, InboundPolicy::Public, InboundPolicy::Partner(partner.clone())];
    let default = policy[usize::from(selector) % 3].clone();
    InboundBoundary::new(default).with_header("x-partner", "yes", InboundPolicy::Partner(partner))
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let selector = input.byte();
    let method = Method::from_bytes(input.bytes()).unwrap_or(Method::GET);
    let uri = Uri::try_from(input.bytes()).unwrap_or_default();
    let mut request = Request::new(String::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    for _ in 0..input.below(40) {
        let name = match NAMES.get(usize::from(input.byte())) {
            Some(name) => HeaderName::from_static(name),
            None => match HeaderName::from_bytes(input.bytes()) {
                Ok(name) => name,
                Err(_) => continue,
            },
        };
        if let Ok(value) = HeaderValue::from_bytes(input.bytes()) {
            request.headers_mut().append(name, value);
        }
    }
    let spans = recorded(|provider| {
        let forwarded_by = if selector % 2 == 0 { ForwardedBy::XForwarded } else { ForwardedBy::Forwarded };
        let mut server = ServerLayer::new()
            .with_provider(provider)
            .with_propagator(FORMATS.clone())
            .with_trusted_proxies(TrustedProxies::hops(2).with_forwarded_by(forwarded_by))
            .with_parameterized_paths(selector % 5 == 0)
            .with_trace_response_header(true)
            .with_inbound_boundary(boundary(selector / 16))
            .layer(Echo);
        let Poll::Ready(Ok(response)) =
            pin!(server.call(request)).poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("it answers at once")
        };
        // Headers of senders that are not trusted do not reach the service.
        if selector / 16 % 3 == 1 {
            let headers = response.headers();
            assert!(["traceparent", "tracestate", "baggage", "b3"].iter().all(|name| !headers.contains_key(*name)));
        }
    });
    assert_eq!(spans.len(), 1);
});
