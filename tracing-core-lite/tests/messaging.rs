//! Spans of queue clients: names, the relation to the sender, batches, retries and filters.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;
use std::io;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing_core_lite::InstrumentationScope;
use tracing_core_lite::messaging::{
    Client, Destination, MessagingOperation, OperationType, Origin, Peer, Relation, Settings, attribute,
};
use tracing_core_lite::span::SpanLimits;
use tracing_core_lite::span::data::StatusData;
use tracing_core_lite::testing::TestSpans;

const TOPIC: &str = "orders.created";

fn client(spans: &TestSpans, settings: Settings) -> Client {
    let peer = Peer::new()
        .with_server("broker", Some(9092))
        .with_client_id("shop-1")
        .with_consumer_group("notification");
    let scope = InstrumentationScope::builder("test").build();
    Client::new("kafka", scope, settings.with_provider(spans.provider()), peer)
}

fn operation(kind: OperationType) -> MessagingOperation<'static> {
    MessagingOperation::new(kind, Destination::new(TOPIC))
}

/// Returns the headers of a message that was sent in `context` by a span in its own trace.
fn send(client: &Client, context: &Context) -> Vec<(String, String)> {
    let sending = client.start(&operation(OperationType::Send), context, |_| {});
    let mut headers = Vec::new();
    client.inject(&sending, context, &mut headers);
    sending.end();
    headers
}

fn receive(client: &Client, headers: &Vec<(String, String)>) -> Origin {
    client.extract(headers)
}

#[test]
fn one_message_and_its_relation() {
    for (name, relation, is_same_trace) in [
        ("default", None, true),
        ("same", Some(Relation::SameTrace), true),
        ("new", Some(Relation::NewTrace), false),
    ] {
        let spans = TestSpans::new();
        let settings =
            relation.map_or_else(Settings::new, |relation| Settings::new().with_relation(relation));
        let client = client(&spans, settings);
        let origin = receive(&client, &send(&client, &Context::new()));
        client.process(&operation(OperationType::Process), &origin, |_| {}).end();

        let [sent, processed] = [spans.one("send orders.created"), spans.one("process orders.created")];
        assert_eq!(
            (sent.kind.clone(), processed.kind.clone()),
            (SpanKind::Producer, SpanKind::Consumer),
            "{name}"
        );
        assert_eq!(processed.trace_id == sent.trace_id, is_same_trace, "{name}");
        assert_eq!(processed.parent_span_id == sent.span_id, is_same_trace, "{name}");
        assert_eq!(processed.links.len(), 1, "{name}");
        assert_eq!(processed.links[0].span_id, sent.span_id, "{name}");
        assert!(processed.links[0].is_follows_from(), "{name}");
        for (key, value) in [
            (attribute::SYSTEM, "kafka"),
            (attribute::OPERATION_NAME, "process"),
            (attribute::OPERATION_TYPE, "process"),
            (attribute::DESTINATION_NAME, TOPIC),
            (attribute::CLIENT_ID, "shop-1"),
            (attribute::CONSUMER_GROUP, "notification"),
            (attribute::SERVER_ADDRESS, "broker"),
        ] {
            assert_eq!(processed.text(key), Some(value), "{name}: {key}");
        }
        assert_eq!(processed.int(attribute::SERVER_PORT), Some(9092), "{name}");
        assert_eq!(sent.text(attribute::CONSUMER_GROUP), None, "{name}");
    }
}

#[test]
fn names_of_spans() {
    let template = |name: &str| name.starts_with("tenant-").then_some(Cow::Borrowed("tenant-{id}"));
    let long = "x".repeat(1000);
    for (name, destination, expected) in [
        ("topic", Destination::new(TOPIC), "send orders.created".to_owned()),
        ("template", Destination::new("tenant-7"), "send tenant-{id}".to_owned()),
        (
            "temporary",
            Destination::new("amq.gen-1").with_temporary(true).with_anonymous(true),
            "send broker:9092".to_owned(),
        ),
        ("none", Destination::new(""), "send broker:9092".to_owned()),
        ("long", Destination::new(&long), format!("send {}", "x".repeat(283))),
    ] {
        let spans = TestSpans::new();
        let client = client(&spans, Settings::new().with_destination_template(template));
        client
            .start(&MessagingOperation::new(OperationType::Send, destination), &Context::new(), |_| {})
            .end();
        let span = spans.one(&expected);
        assert_eq!(span.text(attribute::DESTINATION_NAME).is_some(), !destination.name.is_empty(), "{name}");
    }
}

#[test]
fn a_message_without_context_starts_a_trace() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    let garbage =
        vec![("traceparent".to_owned(), "zz".to_owned()), ("x-attempt".to_owned(), "-1".to_owned())];
    let origin = receive(&client, &garbage);
    client.process(&operation(OperationType::Process), &origin, |_| {}).end();
    let span = spans.one("process orders.created");
    assert!(span.links.is_empty());
    assert_eq!(span.int(attribute::ATTEMPT), None);
}

#[test]
fn a_filter_leaves_the_callers_context_in_the_message() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new().with_filter(|name| name != TOPIC));
    let caller = spans.tracer().span("caller").start();
    let headers = send(&client, &caller.in_context(&Context::new()));
    let origin = receive(&client, &headers);
    assert_eq!(origin.span_context().unwrap().span_id(), caller.span_context().span_id());
    let processing = client.process(&operation(OperationType::Process), &origin, |_| {});
    assert_eq!(processing.context().span().span_context().span_id(), caller.span_context().span_id());
    drop((processing, caller));
    assert_eq!(spans.finished().len(), 1);
}

#[test]
fn operations_without_a_single_destination_skip_filter_and_template() {
    let spans = TestSpans::new();
    let settings = Settings::new()
        .with_filter(|name| !name.is_empty())
        .with_destination_template(|name| name.is_empty().then_some(Cow::Borrowed("{none}")));
    let client = client(&spans, settings);
    client.batch(&MessagingOperation::new(OperationType::Process, Destination::new("")), |_| {}).end();
    let span = spans.one("process broker:9092");
    assert_eq!(span.text(attribute::DESTINATION_TEMPLATE), None);
}

#[test]
fn only_named_baggage_passes() {
    let spans = TestSpans::new();
    let all = client(&spans, Settings::new());
    let some = client(&spans, Settings::new().with_baggage_keys(["tenant"]));
    let context = Context::new().with_baggage([KeyValue::new("tenant", "7"), KeyValue::new("secret", "x")]);
    for (name, sender, receiver, has_secret) in
        [("neither", &all, &all, true), ("sender", &some, &all, false), ("receiver", &all, &some, false)]
    {
        let received = receive(receiver, &send(sender, &context)).context();
        assert_eq!(
            received.baggage().get("tenant").map(|value| value.to_string()),
            Some("7".to_owned()),
            "{name}"
        );
        assert_eq!(received.baggage().get("secret").is_some(), has_secret, "{name}");
    }
}

#[test]
fn a_second_attempt_links_to_the_first_sender_and_to_the_last() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    let first = receive(&client, &send(&client, &Context::new()));
    let processing = client.process(&operation(OperationType::Process), &first, |_| {});
    let mut headers = send(&client, processing.context());
    first.next_attempt().inject(&mut headers);
    processing.end();

    let second = receive(&client, &headers);
    assert_eq!(second.attempt().number(), 2);
    client.process(&operation(OperationType::Process).with_name("retry"), &second, |_| {}).end();
    let span = spans.one("retry orders.created");
    let linked: Vec<_> = span.links.iter().map(|link| link.span_id).collect();
    assert_eq!(linked, [second.span_context().unwrap().span_id(), first.span_context().unwrap().span_id()]);
    assert_eq!(span.int(attribute::ATTEMPT), Some(2));
}

#[test]
fn a_batch_links_to_every_sender_and_counts() {
    const MESSAGES: usize = 500;
    for (name, limit, links) in [("raised", 1000, 500), ("default", SpanLimits::default().links, 128)] {
        let spans =
            TestSpans::with(|builder| builder.with_span_limits(SpanLimits::default().with_links(limit)))
                .unwrap();
        let client = client(&spans, Settings::new());
        let mut batch =
            client.batch(&operation(OperationType::Process), |_| {}).with_item_ratio(0.0).with_small_batch(0);
        for number in 0..MESSAGES {
            let origin = receive(&client, &send(&client, &Context::new()));
            batch.add(&origin, 10);
            let item = batch.item(&origin);
            match number % 100 {
                0 => item.failed(&io::Error::other("broken")),
                1 => item.skipped(),
                2 => drop(item),
                _ => item.processed(),
            }
        }
        batch.end();
        let finished = spans.finished();
        let of_batch = |span: &&_| is_batch(span);
        let batch = &finished.iter().find(of_batch).unwrap().span;
        assert_eq!(batch.links.len(), links, "{name}");
        assert_eq!(batch.dropped_links_count as usize, MESSAGES - links, "{name}");
        assert_eq!(batch.parent_span_id, opentelemetry::trace::SpanId::INVALID, "{name}");
        for (key, count) in [
            (attribute::BATCH_MESSAGE_COUNT, 500),
            (attribute::BATCH_PROCESSED, 485),
            (attribute::BATCH_FAILED, 5),
            (attribute::BATCH_SKIPPED, 10),
            (attribute::BATCH_BODY_SIZE, 5000),
        ] {
            assert_eq!(batch.int(key), Some(count), "{name}: {key}");
        }
        let failed: Vec<_> =
            finished.iter().filter(|finished| matches!(finished.span.status, StatusData::Error(_))).collect();
        assert_eq!(failed.len(), 5, "{name}: the items that failed are recorded, and no other");
        assert!(
            failed.iter().all(|item| item.span.parent_span_id == batch.span_id && item.span.links.len() == 1)
        );
        assert_eq!(finished.len(), MESSAGES + 1 + 5, "{name}");
    }
}

fn is_batch(finished: &tracing_core_lite::span::data::FinishedSpan) -> bool {
    finished.span.int(attribute::BATCH_MESSAGE_COUNT).is_some()
}

#[test]
fn items_are_sampled_and_spans_below_the_others_are_not_recorded() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    for (ratio, recorded) in [(1.0, 3), (0.0, 0)] {
        let before = spans.finished().len();
        let batch = client
            .batch(&operation(OperationType::Process), |_| {})
            .with_item_ratio(ratio)
            .with_small_batch(0);
        for _ in 0..3 {
            let item = batch.item(&Origin::default());
            spans.tracer().span("below").with_parent(item.context()).start().end();
            item.processed();
        }
        batch.end();
        assert_eq!(spans.finished().len() - before, 1 + 2 * recorded, "ratio {ratio}");
    }
}

#[test]
fn the_description_of_an_item_is_on_its_span() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    for (ratio, fails, described) in [(1.0, false, 1), (1.0, true, 1), (0.0, true, 1), (0.0, false, 0)] {
        let before = spans.finished().len();
        let batch = client
            .batch(&operation(OperationType::Process), |_| {})
            .with_item_ratio(ratio)
            .with_small_batch(0);
        let mut item = batch.item(&Origin::default());
        item.describe(|span| {
            span.set("described", true);
        });
        if fails {
            item.failed_as("out_of_stock", &io::Error::other("nothing left"))
        } else {
            item.processed()
        }
        batch.end();
        let finished = &spans.finished()[before..];
        let found = finished.iter().filter(|finished| finished.span.attribute("described").is_some()).count();
        assert_eq!(found, described, "ratio {ratio}, fails: {fails}");
    }
}

#[test]
fn excluded_and_unsampled_operations_are_not_observed() {
    let observed = |client: &Client| {
        client.start(&operation(OperationType::Send), &Context::new(), |_| {}).is_observed()
    };
    let spans = TestSpans::new();
    assert!(observed(&client(&spans, Settings::new())));
    assert!(!observed(&client(&spans, Settings::new().with_filter(|_| false))));
    let unsampled =
        TestSpans::with(|builder| builder.with_sampler(tracing_core_lite::sampling::AlwaysOff)).unwrap();
    assert!(!observed(&client(&unsampled, Settings::new())));
}

#[test]
fn a_batch_is_below_the_span_that_is_current() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    let job = spans.tracer().span("nightly job").start();
    let guard = job.in_context(&Context::new()).attach();
    client.batch(&operation(OperationType::Process), |_| {}).end();
    drop(guard);
    let job_id = job.span_context().span_id();
    drop(job);
    assert_eq!(spans.one("process orders.created").parent_span_id, job_id);
}

/// Runs a batch of `size` messages whose items each call another service. Returns the number of sampled calls.
fn sampled_calls(client: &Client, size: usize, fails: bool) -> usize {
    let mut batch = client.batch(&operation(OperationType::Process), |_| {}).with_item_ratio(0.0);
    let origin = Origin::default();
    for _ in 0..size {
        batch.add(&origin, 1);
    }
    let items = (0..size).map(|_| {
        let item = batch.item(&origin);
        let call = client.start(&operation(OperationType::Send), item.context(), |_| {});
        let is_sampled = call.span_context(item.context()).is_sampled();
        if fails {
            item.failed(&io::Error::other("broken"))
        } else {
            item.processed()
        }
        is_sampled
    });
    items.filter(|is_sampled| *is_sampled).count()
}

#[test]
fn every_item_of_a_small_batch_is_in_the_trace_of_its_calls() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    for (size, fails, sampled) in
        [(1, false, 1), (3, false, 3), (3, true, 3), (10, false, 10), (11, false, 0), (11, true, 0)]
    {
        assert_eq!(sampled_calls(&client, size, fails), sampled, "{size} messages, fails: {fails}");
    }
}

#[test]
fn a_batch_that_grows_while_it_is_worked_on_starts_small() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    for is_added in [true, false] {
        let mut batch = client.batch(&operation(OperationType::Process), |_| {}).with_item_ratio(0.0);
        let sampled = (0..20).filter(|_| {
            if is_added {
                batch.add(&Origin::default(), 1);
            }
            let item = batch.item(&Origin::default());
            let span = spans.tracer().span("below").with_parent(item.context()).start();
            span.is_recording()
        });
        assert_eq!(sampled.count(), 10, "added: {is_added}");
    }
}

/// Runs `work`, which must panic.
fn panics(work: impl FnOnce()) {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_err();
}

#[test]
fn work_that_ended_before_a_panic_is_no_failure() {
    let spans = TestSpans::new();
    let client = client(&spans, Settings::new());
    panics(|| {
        client.process(&operation(OperationType::Process), &Origin::default(), |_| {}).end();
        client.start(&operation(OperationType::Send), &Context::new(), |_| {}).end();
        panic!("later");
    });
    assert_eq!(spans.finished().len(), 2);
    assert!(spans.finished().iter().all(|finished| !finished.span.is_error()));
}

#[test]
fn the_address_of_the_broker_is_on_spans_of_calls_to_it() {
    let spans = TestSpans::new();
    let peer = Peer::new().with_server("broker", Some(9092)).with_network("10.0.0.7:9093".parse().unwrap());
    let scope = InstrumentationScope::builder("test").build();
    let client = Client::new("nats", scope, Settings::new().with_provider(spans.provider()), peer);
    for (kind, has_address) in [
        (OperationType::Send, true),
        (OperationType::Receive, true),
        (OperationType::Settle, true),
        (OperationType::Process, false),
    ] {
        client.start(&operation(kind), &Context::new(), |_| {}).end();
        let span = spans.finished().pop().unwrap().span;
        assert_eq!(span.text(attribute::SERVER_ADDRESS), Some("broker"));
        let address = span.text(attribute::NETWORK_PEER_ADDRESS);
        assert_eq!(address, has_address.then_some("10.0.0.7"), "{kind:?}");
        assert_eq!(span.int(attribute::NETWORK_PEER_PORT), has_address.then_some(9093), "{kind:?}");
    }
}
#[test]
fn a_panic_is_a_failure() {
    type Work = fn(&Client);
    let works: [(&str, Work); 5] = [
        ("process", |client| {
            let processing = client.process(&operation(OperationType::Process), &Origin::default(), |_| {});
            let work = processing.run(async { panic!("out of paper") });
            block_on::<Result<(), io::Error>>(work).unwrap();
        }),
        ("a guard", |client| {
            let _guard = client.process(&operation(OperationType::Process), &Origin::default(), |_| {});
            panic!("out of paper");
        }),
        ("a send", |client| {
            let _sending = client.start(&operation(OperationType::Send), &Context::new(), |_| {});
            panic!("out of paper");
        }),
        ("a batch", |client| {
            let _batch = client.batch(&operation(OperationType::Process), |_| {});
            panic!("out of paper");
        }),
        ("an item", |client| {
            let batch = client
                .batch(&operation(OperationType::Process), |_| {})
                .with_item_ratio(0.0)
                .with_small_batch(0);
            let work = batch.item(&Origin::default()).run(async { panic!("out of paper") });
            panics(|| block_on::<Result<(), io::Error>>(work).unwrap());
            batch.end();
            panic!("the item's panic was caught");
        }),
    ];
    for (name, work) in works {
        let spans = TestSpans::new();
        let client = client(&spans, Settings::new());
        panics(|| work(&client));
        let failed: Vec<_> =
            spans.finished().into_iter().filter(|finished| finished.span.is_error()).collect();
        assert_eq!(failed.len(), 1, "{name}");
        let span = &failed[0].span;
        assert_eq!(span.text(attribute::ERROR_TYPE), Some("panic"), "{name}");
        let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(events, ["exception"], "{name}");
        if name == "an item" {
            let finished = spans.finished();
            let batch = &finished.iter().find(|it| is_batch(it)).unwrap().span;
            assert_eq!(batch.int(attribute::BATCH_FAILED), Some(1));
            assert!(!batch.is_error());
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
