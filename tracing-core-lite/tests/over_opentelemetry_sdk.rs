//! Without an installed provider, spans are recorded by the provider that the user set for the OpenTelemetry API.
#![cfg(feature = "sdk-exporter")]
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_core_lite::layer_support::PreparedAttributes;
use tracing_core_lite::opentelemetry::{KeyValue, global};
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, Tracer};

#[test]
fn times_and_prepared_attributes_arrive() {
    let exporter = InMemorySpanExporter::default();
    global::set_tracer_provider(SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build());
    let tracer = Tracer::global_named("test");
    let start = SystemTime::UNIX_EPOCH + Duration::new(1_800_000_000, 7);
    let (event, end) = (start + Duration::from_millis(1), start + Duration::from_millis(2));
    let mut server = PreparedAttributes::new();
    server.set("server.address", "db.example").set("server.port", 5432);
    let mut query = PreparedAttributes::new();
    query.set("server.port", 1).set("numbers", &[1, 2]);

    let span = tracer.span("query").with_parent(&Context::new()).with_start_time(start).start_with(|span| {
        assert_eq!(span.start_time(), start.into());
        span.set_prepared(&server);
    });
    span.end_with_at(end, |span| {
        assert_eq!(span.start_time(), start.into());
        span.set_prepared(&query).add_event_at("acquired", event, &[("seconds", 0.001.into())]);
    });
    let before = Timestamp::now();
    let span = tracer.span("now").with_parent(&Context::new()).start();
    span.record(|span| assert!(span.start_time() >= before));
    span.end();

    let finished = exporter.get_finished_spans().unwrap();
    assert_eq!((finished[0].start_time, finished[0].end_time), (start, end));
    let attributes = &finished[0].attributes;
    for attribute in [KeyValue::new("server.address", "db.example"), KeyValue::new("server.port", 1)] {
        assert!(attributes.contains(&attribute), "{attributes:?}");
    }
    assert!(attributes.iter().any(|attribute| attribute.key.as_str() == "numbers"));
    let events = &finished[0].events;
    assert_eq!((&*events[0].name, events[0].timestamp), ("acquired", event));
    assert_eq!(events[0].attributes, [KeyValue::new("seconds", 0.001)]);
    assert!(Timestamp::from(finished[1].start_time) >= before);
}
