//! One span by hand, without a layer: with this engine, opentelemetry_sdk and fastrace.

use std::borrow::Cow;

use fastrace::collector::{SpanContext as FastraceContext, SpanId, TraceId};
use opentelemetry::trace::{SpanKind, TraceContextExt, Tracer, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_core_lite::TracerProvider;

use super::{ours, sdk};
use crate::exporters::{self, Out};
use crate::measure::{Beside, CallAndFlush, Subject};
use crate::parts::remote;

pub const OURS: &str = "tracing-core-lite";
pub const SDK: &str = "opentelemetry_sdk";
pub const FASTRACE: &str = "fastrace";
pub const ALL: [&str; 3] = [OURS, SDK, FASTRACE];

const NAME: &str = "GET /orders/{id}";

/// Each call starts and ends a sampled span with this number of attributes.
pub fn subject(case: &str, out: &Out, attributes: usize) -> Result<Subject, String> {
    let attributes = attribute_list(attributes);
    let (call, flush): CallAndFlush = match case {
        OURS => {
            let provider = exporters::ours(out);
            (by_ours(&provider, attributes), ours::flush(provider))
        }
        SDK => {
            let provider = exporters::sdk(out);
            (by_sdk(&provider, attributes), sdk::flush(provider))
        }
        FASTRACE => {
            exporters::fastrace(out);
            (by_fastrace(attributes), Box::new(super::fastrace::flush))
        }
        _ => return Err(format!("no case {case}: {ALL:?}")),
    };
    Ok(Subject { call, flush, spans_per_call: 1, beside: Beside::Yardstick })
}

/// A key and a value. Every other value is copied, like one that comes from a request.
type Attribute = (&'static str, &'static str);

pub fn attribute_list(count: usize) -> Vec<Attribute> {
    let usual = [
        ("http.request.method", "GET"),
        ("url.path", "/orders/7"),
        ("http.route", "/orders/{id}"),
        ("server.address", "shop.example"),
        ("url.scheme", "http"),
        ("user_agent.original", "bench/1.0"),
        ("network.protocol.version", "1.1"),
        ("client.address", "192.0.2.17"),
        ("http.response.status_code", "200"),
    ];
    let further = (usual.len()..count).map(|index| {
        let key: &'static str = format!("shop.attribute.{index}").leak();
        (key, "a dozen chars")
    });
    usual.into_iter().take(count).chain(further).collect()
}

pub fn by_ours(provider: &TracerProvider, attributes: Vec<Attribute>) -> Box<dyn FnMut()> {
    let tracer = provider.tracer("bench");
    let root = Context::new();
    Box::new(move || {
        let parent = remote(true);
        let span =
            tracer.span(NAME).with_kind(SpanKind::Server).with_parent(&root).with_remote_parent(&parent);
        let span = span.start_with(|span| {
            for (key, value) in &attributes {
                span.set(key, *value);
            }
        });
        span.end();
    })
}

pub fn by_sdk(provider: &SdkTracerProvider, attributes: Vec<Attribute>) -> Box<dyn FnMut()> {
    let tracer = provider.tracer("bench");
    let parent = Context::new().with_remote_span_context(remote(true));
    Box::new(move || {
        let values = attributes.iter().enumerate().map(|(index, (key, value))| {
            if index % 2 == 0 {
                KeyValue::new(*key, *value)
            } else {
                KeyValue::new(*key, (*value).to_owned())
            }
        });
        let builder =
            tracer.span_builder(NAME).with_kind(SpanKind::Server).with_attributes(values.collect::<Vec<_>>());
        drop(tracer.build_with_context(builder, &parent));
    })
}

pub fn by_fastrace(attributes: Vec<Attribute>) -> Box<dyn FnMut()> {
    Box::new(move || {
        let parent = FastraceContext::new(TraceId(7), SpanId(7));
        let values = || {
            attributes.iter().enumerate().map(|(index, (key, value))| {
                let value =
                    if index % 2 == 0 { Cow::Borrowed(*value) } else { Cow::Owned((*value).to_owned()) };
                (*key, value)
            })
        };
        drop(fastrace::Span::root(NAME, parent).with_properties(values));
    })
}
