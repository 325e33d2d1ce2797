//! Trust boundaries over AMQP: a stranger on a queue changes neither the sampling nor what is sent on, and a secret in baggage
//! reaches no exchange outside the list. The formats read and write the header table.
#![allow(clippy::unwrap_used)]

mod support;

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::AMQPValue;
use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;
use support::{headers, text};
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::Context;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::propagation::boundary::{
    InboundBoundary, InboundPolicy, OutboundBoundary, OutboundPolicy,
};
use tracing_core_lite::sampling::{ParentBased, Ratio};
use tracing_core_lite::testing::TestSpans;

const SECRET: &str = "q7Zk0secretW3x";

fn broker(spans: &TestSpans, settings: Settings) -> Broker {
    Broker::new(settings.with_provider(spans.provider()), Default::default())
}

fn delivery(broker: &Broker, queue: &str, properties: BasicProperties) -> tracing_amqp::TracedDelivery {
    let mut delivery = Delivery::mock(1, "".into(), queue.into(), false, Vec::new());
    delivery.properties = properties;
    broker.delivery(delivery, queue)
}

/// Returns the names and texts of the headers.
fn table(properties: &BasicProperties) -> Vec<(String, String)> {
    let table = properties.headers().iter().flat_map(|table| table.inner().iter());
    let value = |value: &AMQPValue| match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        other => format!("{other:?}"),
    };
    table.map(|(name, it)| (name.to_string(), value(it))).collect()
}

#[test]
fn a_stranger_on_a_queue_changes_neither_sampling_nor_what_is_sent_on() {
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(0.1)))).unwrap();
    let boundary =
        InboundBoundary::new(InboundPolicy::Trusted).with_destination("partner.*", InboundPolicy::Public);
    let broker = broker(&spans, Settings::new().with_inbound_boundary(boundary));
    let list = |count: usize| (0..count).map(|i| format!("key{i}={SECRET}")).collect::<Vec<_>>().join(",");
    let mut sampled = 0;
    for message in 0..2000_u128 {
        // Ids that every sampler would choose.
        let trace = ((message + 1) << 64) | 0xff_ffff_ffff_ffff;
        let given = headers(&[
            ("traceparent", text(format!("00-{trace:032x}-00f067aa0ba902b7-01"))),
            ("tracestate", text(list(32))),
            ("baggage", text(list(100))),
            ("x-attempt", text("9")),
        ]);
        let delivery = delivery(&broker, "partner.orders", given);
        assert!(delivery.origin().span_context().is_none());
        let processing = delivery.start_processing();
        let context = processing.context().clone();
        sampled += usize::from(context.span().span_context().is_sampled());
        let _current = context.attach();
        let (sending, sent) = broker.publish("", "orders", 0, BasicProperties::default());
        sending.end();
        for (name, value) in table(&sent) {
            assert!(name != "baggage" && !value.contains(SECRET), "{name}: {value}");
            assert!(!value.contains(&format!("{trace:032x}")), "{name}: {value}");
        }
    }
    // Ten percent, within six standard deviations.
    assert!((120..280).contains(&sampled), "{sampled} of 2000");
    let finished: Vec<_> = spans.wait_for(1).into_iter().map(|it| it.span).collect();
    let span = finished.iter().find(|span| span.name == "process partner.orders").unwrap();
    assert_eq!(span.text("tracing_suite.boundary.policy"), Some("public"));
    assert_eq!(span.links.len(), 1, "a link to what came in");
}

#[test]
fn a_secret_does_not_reach_an_exchange_outside_the_list() {
    let spans = TestSpans::new();
    let boundary = OutboundBoundary::new(OutboundPolicy::Everything)
        .with_partner("partner*", "acme", OutboundPolicy::Pseudonym)
        .with_only(["orders*", "partner*"]);
    let broker = broker(&spans, Settings::new().with_outbound_boundary(boundary));
    let work = spans.tracer().span("work").start();
    let context = work.in_context(&Context::new().with_baggage([KeyValue::new("key", SECRET)]));
    let _current = context.attach();
    for (exchange, has_context, has_secret) in
        [("orders", true, true), ("partner", true, false), ("elsewhere", false, false)]
    {
        let stale = headers(&[
            ("Baggage", text(SECRET)),
            ("UberCtx-Key", text(SECRET)),
            ("x-first-traceparent", text(SECRET)),
            ("tenant", text("7")),
        ]);
        let (sending, sent) = broker.publish(exchange, "created", 0, stale);
        sending.end();
        let all = table(&sent);
        assert!(all.contains(&("tenant".to_owned(), "7".to_owned())));
        assert_eq!(all.iter().any(|(name, _)| name == "traceparent"), has_context, "{exchange}: {all:?}");
        if !has_secret {
            assert!(all.iter().all(|(_, value)| !value.contains(SECRET)), "{exchange}: {all:?}");
        }
    }
}

#[test]
fn every_format_travels_in_the_header_table() {
    for names in ["b3", "b3multi", "jaeger", "xray", "ottrace", "datadog", "tracecontext,baggage,b3,datadog"]
    {
        let spans = TestSpans::new();
        let propagator = Propagator::from_names(names).unwrap();
        let broker = broker(&spans, Settings::new().with_propagator(propagator));
        let work = spans.tracer().span("work").start();
        let context = work.in_context(&Context::new().with_baggage([KeyValue::new("key", "a b")]));
        let _current = context.attach();
        let stale = headers(&[("B3", text("0")), ("uberctx-old", text("1")), ("X-B3-TraceId", text("1"))]);
        let (sending, sent) = broker.publish("", "orders", 0, stale);
        sending.end();
        let span = spans.one("publish orders");
        let delivery = delivery(&broker, "orders", sent);
        let sender = delivery.origin().span_context().unwrap();
        assert_eq!(sender.span_id(), span.span_id, "{names}");
        assert_eq!(sender.trace_id().to_string()[16..], span.trace_id.to_string()[16..], "{names}");
        let baggage = delivery.origin().context().baggage().get("key").map(|value| value.as_str().to_owned());
        let carries = ["jaeger", "ottrace", "baggage"].iter().any(|format| names.contains(format));
        assert_eq!(baggage.as_deref(), carries.then_some("a b"), "{names}");
    }
}
