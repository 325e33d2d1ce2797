//! A client that the suite does not wrap can be instrumented with the `database` module alone.
#![cfg(all(feature = "database", feature = "testing"))]

use std::thread;

use opentelemetry::Context;
use tracing_core_lite::database::{
    Client, Command, Conventions, Ending, Endpoint, Failure, PendingSpans, attribute,
};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{InstrumentationScope, SpanKind};

fn client(spans: &TestSpans) -> Client {
    Client::new("mongodb", InstrumentationScope::builder("documents").build())
        .with_provider(spans.provider())
        .with_endpoint(endpoint())
}

fn endpoint() -> Endpoint {
    Endpoint::unknown().with_namespace("shop").with_server("documents.internal", 27017)
}

#[test]
fn spans_are_named_by_the_rule_of_the_conventions() {
    let server = Endpoint::unknown().with_server("documents.internal", 27017);
    let socket = Endpoint::unknown().with_socket("/run/db.sock");
    let unknown = Endpoint::unknown();
    let find = Command::named("find");
    for (command, endpoint, expected) in [
        (Command::summarized("SELECT orders").with_operation("SELECT"), endpoint(), "SELECT orders"),
        (find.with_collection("orders"), endpoint(), "find orders"),
        (find, endpoint(), "find shop"),
        (find.with_namespace("archive"), endpoint(), "find archive"),
        (find, server.clone(), "find documents.internal:27017"),
        (find, socket, "find /run/db.sock"),
        (find, unknown.clone(), "find"),
        (Command::new().with_collection("orders"), endpoint(), "orders"),
        (Command::new(), endpoint(), "shop"),
        (Command::new(), server, "documents.internal:27017"),
        (Command::new(), unknown, "mongodb"),
    ] {
        let spans = TestSpans::new();
        client(&spans).with_endpoint(endpoint).start(&command).succeed();
        assert_eq!(spans.finished()[0].span.name, expected, "{command:?}");
    }
}

#[test]
fn spans_of_redis_are_named_after_the_server() {
    let spans = TestSpans::new();
    let client = client(&spans).with_server_as_target();
    client.start(&Command::named("GET").with_namespace("0")).succeed();
    assert_eq!(spans.one("GET documents.internal:27017").text("db.namespace"), Some("0"));
}

#[test]
fn a_command_is_described_by_its_attributes() {
    let spans = TestSpans::new();
    let command = Command::named("insert")
        .with_collection("orders")
        .with_query_text("{\"insert\": \"orders\"}")
        .with_batch_size(2);
    let span = client(&spans).with_pool_name("main").start(&command);
    span.set(attribute::AFFECTED_ROWS, 2);
    span.succeed();
    let span = spans.one("insert orders");
    assert_eq!(span.kind, SpanKind::Client);
    for (key, value) in [
        ("db.system.name", "mongodb"),
        ("db.namespace", "shop"),
        ("db.collection.name", "orders"),
        ("db.operation.name", "insert"),
        ("db.query.text", "{\"insert\": \"orders\"}"),
        ("db.client.connection.pool.name", "main"),
        ("server.address", "documents.internal"),
    ] {
        assert_eq!(span.text(key), Some(value), "{key}");
    }
    assert_eq!(span.int("server.port"), Some(27017));
    assert_eq!(span.int("db.operation.batch.size"), Some(2));
    assert_eq!(span.int("tracing_suite.db.response.affected_rows"), Some(2));
}

#[test]
fn one_operation_is_not_a_batch() {
    let spans = TestSpans::new();
    client(&spans).start(&Command::named("insert").with_batch_size(1)).succeed();
    assert_eq!(spans.one("insert shop").int("db.operation.batch.size"), None);
}

#[test]
fn older_names_are_recorded_on_request() {
    let command = Command::named("insert").with_collection("orders").with_query_text("{}");
    let renamed = [
        ("db.system.name", "db.system"),
        ("db.namespace", "db.name"),
        ("db.operation.name", "db.operation"),
        ("db.query.text", "db.statement"),
        ("server.address", "net.peer.name"),
        ("tracing_suite.db.response.affected_rows", "db.rows_affected"),
    ];
    for conventions in [Conventions::Stable, Conventions::Old, Conventions::Both] {
        let spans = TestSpans::new();
        let span = client(&spans).with_conventions(conventions).start(&command);
        span.set(attribute::AFFECTED_ROWS, 2);
        span.succeed();
        let span = spans.one("insert orders");
        for (stable, old) in renamed {
            assert_eq!(span.attribute(stable).is_some(), conventions != Conventions::Old, "{stable}");
            assert_eq!(span.attribute(old).is_some(), conventions != Conventions::Stable, "{old}");
        }
    }
}

#[test]
fn a_failure_is_recorded_by_its_class() {
    for (failure, error_type, code) in [
        (Failure::new("DuplicateKey").with_status_code("11000"), "DuplicateKey", Some("11000")),
        (Failure::from_status_code("23505"), "23505", Some("23505")),
        (Failure::new("timeout"), "timeout", None),
    ] {
        let spans = TestSpans::new();
        client(&spans).start(&Command::named("insert")).fail(&failure);
        let span = spans.one("insert shop");
        assert!(span.is_error());
        assert_eq!(span.text("error.type"), Some(error_type));
        assert_eq!(span.text("db.response.status_code"), code);
    }
}

#[test]
fn a_span_ends_once() {
    let spans = TestSpans::new();
    let mut span = client(&spans).start(&Command::named("find"));
    span.end(Ending::Succeeded, |_, _| {});
    span.end(Ending::Cancelled, |_, _| panic!("the span has ended"));
    assert!(span.span().is_none() && !span.is_observed());
    drop(span);
    assert!(!spans.one("find shop").is_error());
}

#[test]
fn a_command_that_is_dropped_counts_as_cancelled() {
    let spans = TestSpans::new();
    drop(client(&spans).start(&Command::named("find")));
    client(&spans).start(&Command::named("getMore")).end(Ending::Stopped, |_, _| {});
    let cancelled = spans.one("find shop");
    assert_eq!(cancelled.text("error.type"), Some("cancelled"));
    assert_eq!(cancelled.events[0].name, "cancelled");
    let stopped = spans.one("getMore shop");
    assert!(!stopped.is_error());
    assert_eq!(stopped.events[0].name, "cancelled");
}

#[test]
fn events_of_two_threads_make_one_span() {
    let spans = TestSpans::new();
    let client = client(&spans);
    let pending = PendingSpans::new();
    let root = spans.tracer().span("place order").start();
    let context = root.in_context(&Context::new());
    let (client, pending) = (&client, &pending);
    thread::scope(|scope| {
        scope.spawn(|| {
            for id in 0..3 {
                let command = Command::named("insert").with_collection("orders").with_parent(&context);
                pending.insert(id, client.start(&command));
            }
        });
    });
    assert_eq!(pending.len(), 3);
    thread::scope(|scope| {
        scope.spawn(|| pending.remove(&0).expect("it is pending").succeed());
        scope.spawn(|| pending.remove(&1).expect("it is pending").fail(&Failure::new("WriteConflict")));
    });
    assert!(pending.remove(&0).is_none());
    drop(pending.remove(&2));
    assert!(pending.is_empty());
    root.end();
    spans.assert_tree(
        "
        place order
          insert orders
          insert orders
          insert orders
        ",
    );
    let failed = spans.finished().iter().filter(|finished| finished.span.is_error()).count();
    assert_eq!(failed, 2);
}

#[cfg(feature = "database-metrics")]
#[test]
fn durations_are_measured_with_the_class_of_the_error() {
    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};

    let exporter = InMemoryMetricExporter::default();
    let meters = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone()).build();
    let spans = TestSpans::new();
    let client = client(&spans).with_meter(&meters.meter("test"));
    client.start(&Command::named("find").with_collection("orders")).succeed();
    client.start(&Command::named("insert")).fail(&Failure::new("DuplicateKey").with_status_code("11000"));
    drop(client.start(&Command::named("drop")));
    meters.force_flush().expect("metrics are collected");
    let collected = exporter.get_finished_metrics().expect("metrics were exported");
    let metric =
        collected[0].scope_metrics().next().and_then(|scope| scope.metrics().next()).expect("one metric");
    assert_eq!(metric.name(), "db.client.operation.duration");
    assert_eq!(metric.unit(), "s");
    let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
        panic!("no histogram")
    };
    let mut found: Vec<_> = histogram
        .data_points()
        .map(|point| {
            let text =
                |key: &str| point.attributes().find(|a| a.key.as_str() == key).map(|a| a.value.to_string());
            (text("db.operation.name"), text("error.type"), text("db.namespace"), point.count())
        })
        .collect();
    found.sort();
    let row = |operation: &str, error: Option<&str>| {
        (Some(operation.to_owned()), error.map(str::to_owned), Some("shop".to_owned()), 1)
    };
    assert_eq!(
        found,
        [row("drop", Some("cancelled")), row("find", None), row("insert", Some("DuplicateKey"))]
    );
}
