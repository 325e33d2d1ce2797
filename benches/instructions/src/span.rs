//! A span by hand, without a layer. Its bare form is an empty call.

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;

use crate::case::{ALL_PARENTS, Case, Parent, Provider, Work};

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "span, no attributes", parents: ALL_PARENTS, make: without_attributes },
        Case { name: "span, 8 attributes", parents: ALL_PARENTS, make: with_attributes },
        Case { name: "span, 8 attributes, made current", parents: ALL_PARENTS, make: made_current },
    ]
}

fn without_attributes(parent: Parent, provider: Option<&Provider>) -> Work {
    let Some(provider) = provider else { return Work::new(|| {}) };
    let (tracer, root, parent) = (provider.tracer("bench"), Context::new(), parent.remote());
    Work::new(move || tracer.span("work").with_parent(&root).with_remote_parent(&parent).start().end())
}

/// Starts a span of eight attributes of the kind that an HTTP server records.
macro_rules! start_with_eight_attributes {
    ($tracer:expr, $root:expr, $parent:expr) => {
        $tracer
            .span("GET /orders/{id}")
            .with_kind(SpanKind::Server)
            .with_parent(&$root)
            .with_remote_parent(&$parent)
            .start_with(|span| {
                span.set("http.request.method", "GET")
                    .set("url.scheme", "http")
                    .set("url.path", "/orders/7")
                    .set("http.route", "/orders/{id}")
                    .set("server.address", "shop.example")
                    .set("server.port", 8080)
                    .set("network.protocol.version", "1.1")
                    .set("http.response.status_code", 200);
            })
    };
}

fn with_attributes(parent: Parent, provider: Option<&Provider>) -> Work {
    let Some(provider) = provider else { return Work::new(|| {}) };
    let (tracer, root, parent) = (provider.tracer("bench"), Context::new(), parent.remote());
    Work::new(move || start_with_eight_attributes!(tracer, root, parent).end())
}

fn made_current(parent: Parent, provider: Option<&Provider>) -> Work {
    let Some(provider) = provider else { return Work::new(|| {}) };
    let (tracer, root, parent) = (provider.tracer("bench"), Context::new(), parent.remote());
    Work::new(move || {
        let span = start_with_eight_attributes!(tracer, root, parent);
        drop(span.in_context(&root).attach());
        span.end();
    })
}
