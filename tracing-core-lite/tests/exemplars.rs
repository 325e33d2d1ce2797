//! The exemplar hook is given each measurement of the kits, with the span behind it.
#![cfg(all(feature = "testing", feature = "database-metrics", feature = "messaging-metrics"))]
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::{Context, KeyValue, global};
use tracing_core_lite::database::{self, Command};
use tracing_core_lite::exemplars::set_exemplar_hook;
use tracing_core_lite::layer_support::DurationHistogram;
use tracing_core_lite::messaging::{self, Destination, MessagingOperation, OperationType, Peer, Settings};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{InstrumentationScope, SpanContext};

/// One test, because the hook is one per process.
#[test]
fn each_measurement_comes_with_its_span() {
    let measured = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&measured);
    set_exemplar_hook(move |exemplar| {
        let attributes = exemplar.attributes.iter().map(|it| it.key.to_string()).collect::<Vec<_>>();
        let of_span = exemplar.span_context.span_id();
        seen.lock().unwrap().push((exemplar.instrument, attributes, of_span));
    });

    let spans = TestSpans::new();
    let scope = InstrumentationScope::builder("test").build();
    let settings = Settings::new().with_provider(spans.provider()).with_meter(&global::meter("test"));
    let queue = messaging::Client::new("rabbitmq", scope.clone(), settings, Peer::new());
    let operations = [
        (OperationType::Send, "messaging.client.operation.duration"),
        (OperationType::Receive, "messaging.client.operation.duration"),
        (OperationType::Process, "messaging.process.duration"),
        (OperationType::Settle, "messaging.client.operation.duration"),
    ];
    for (kind, _) in operations {
        drop(queue.start(
            &MessagingOperation::new(kind, Destination::new("orders")),
            &Context::new(),
            |_| {},
        ));
    }
    let database = database::Client::new("mongodb", scope).with_provider(spans.provider()).with_metrics();
    database.start(&Command::named("find")).succeed();

    let finished = spans.finished();
    let expected =
        operations.map(|(_, instrument)| instrument).into_iter().chain(["db.client.operation.duration"]);
    let measured_now = std::mem::take(&mut *measured.lock().unwrap());
    assert_eq!((measured_now.len(), finished.len()), (5, 5), "{measured_now:?}");
    for (((instrument, attributes, of_span), span), expected) in
        measured_now.iter().zip(&finished).zip(expected)
    {
        assert_eq!((*instrument, *of_span), (expected, span.span.span_id));
        assert!(
            attributes.iter().any(|key| key.ends_with(".system") || key.ends_with(".system.name")),
            "{attributes:?}"
        );
    }

    let histogram = DurationHistogram::new(&global::meter("test"), "queue.wait", None, &[0.1]);
    histogram.record(Duration::from_millis(50), &[KeyValue::new("queue", "a")], None);
    let expected = vec![("queue.wait", vec!["queue".to_owned()], SpanContext::NONE.span_id())];
    assert_eq!(*measured.lock().unwrap(), expected, "a measurement without a span");
}
