//! A command is a span with the attributes of the conventions, and nothing secret.
#![allow(clippy::unwrap_used)]

mod support;

use opentelemetry::trace::SpanKind;
use redis::AsyncCommands;
use support::{client, connect, key, target};
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::data::{AnyValue, SpanData, StatusData};
use tracing_core_lite::testing::TestSpans;
use tracing_redis::{CommandText, Conventions, TracedRedis};

fn last(spans: &TestSpans) -> SpanData {
    spans.finished().pop().unwrap().span
}

#[tokio::test]
async fn attributes() {
    let (spans, mut connection) = connect().await;
    let key = key("attributes");
    let outer = spans.tracer().span("order").start();
    let () = connection.set(&key, "secret").in_context(outer.in_context(&Context::new())).await.unwrap();
    let span = last(&spans);
    assert_eq!(span.name, format!("SET {}", target()));
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.parent_span_id, outer.span_context().span_id());
    assert_eq!(span.status, StatusData::Unset);
    let keys: Vec<&str> = span.attributes.iter().map(|(key, _)| key.as_str()).collect();
    let expected = [
        "db.system.name",
        "server.address",
        "server.port",
        "db.operation.name",
        "db.namespace",
        "db.query.text",
    ];
    assert_eq!(keys, expected);
    assert_eq!(span.text("db.system.name"), Some("redis"));
    assert_eq!(span.text("db.operation.name"), Some("SET"));
    assert_eq!(span.text("db.namespace"), Some("0"));
    assert_eq!(span.text("db.query.text"), Some("SET ? ?"));
}

#[tokio::test]
async fn nil_is_a_miss_and_no_error() {
    let (spans, mut connection) = connect().await;
    let key = key("nil");
    let nothing: Option<String> = connection.get(&key).await.unwrap();
    assert_eq!(nothing, None);
    let span = last(&spans);
    assert_eq!(span.attribute("tracing_suite.cache.hit"), Some(&AnyValue::Bool(false)));
    assert!(!span.is_error() && span.text("error.type").is_none());

    let () = connection.set_ex(&key, "x", 5).await.unwrap();
    assert_eq!(last(&spans).attribute("tracing_suite.cache.hit"), None, "to write is neither hit nor miss");
    let _: Option<String> = connection.get(&key).await.unwrap();
    assert_eq!(last(&spans).attribute("tracing_suite.cache.hit"), Some(&AnyValue::Bool(true)));
    let _: Option<String> = connection.get_del(&key).await.unwrap();
    let _: Option<String> = connection.hget(&key, "field").await.unwrap();
    assert_eq!(last(&spans).attribute("tracing_suite.cache.hit"), Some(&AnyValue::Bool(false)));
}

#[tokio::test]
async fn nothing_secret_by_default() {
    let (spans, mut connection) = connect().await;
    let secret = key("secret-4711");
    let _: () = connection.hset(&secret, "secret-4711", "secret-4711").await.unwrap();
    let _: Result<(), _> = redis::cmd("AUTH").arg("secret-4711").query_async(&mut connection).await;
    let _: Result<(), _> = redis::cmd("EVAL")
        .arg("return redis.error_reply('secret-4711 is wrong')")
        .arg(0)
        .query_async(&mut connection)
        .await;
    let all = spans.finished();
    assert_eq!(all.len(), 3);
    assert!(!format!("{all:?}").contains("secret"), "{all:?}");
    let _: () = connection.del(&secret).await.unwrap();
}

#[tokio::test]
async fn keys_when_they_are_wanted() {
    let spans = TestSpans::new();
    let connection = client().get_multiplexed_async_connection().await.unwrap();
    for (policy, expected) in [
        (CommandText::Keys, Some(format!("GETRANGE {} ? ?", key("k")))),
        (CommandText::Redacted, Some("GETRANGE ? ? ?".to_owned())),
        (CommandText::Hidden, None),
    ] {
        let mut connection =
            TracedRedis::new(connection.clone()).with_provider(spans.provider()).with_command_text(policy);
        let _: String = connection.getrange(key("k"), 0, 1).await.unwrap();
        let span = last(&spans);
        assert_eq!(span.text("db.query.text"), expected.as_deref());
        assert_eq!(span.name, "GETRANGE", "without a server, the command alone");
    }
}

#[tokio::test]
async fn a_connection_manager_and_its_clones() {
    let spans = TestSpans::new();
    let manager = client().get_connection_manager().await.unwrap();
    let connection = TracedRedis::new(manager).with_provider(spans.provider());
    for mut clone in [connection.clone(), connection] {
        let _: String = redis::cmd("PING").query_async(&mut clone).await.unwrap();
        assert_eq!(last(&spans).name, "PING");
    }
}

#[tokio::test]
async fn an_unsampled_parent() {
    let (spans, mut connection) = connect().await;
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
    let (trace, span) = (TraceId::from(7), SpanId::from(7));
    let parent = SpanContext::new(trace, span, TraceFlags::NOT_SAMPLED, true, TraceState::NONE);
    let context = Context::new().with_remote_span_context(parent);
    let _: Option<String> = connection.get(key("unsampled")).in_context(context).await.unwrap();
    assert!(spans.finished().is_empty());
}

#[tokio::test]
async fn names_of_the_conventions() {
    for (conventions, stable, old) in
        [(Conventions::Stable, true, false), (Conventions::Old, false, true), (Conventions::Both, true, true)]
    {
        let (spans, connection) = connect().await;
        let mut connection = connection.with_conventions(conventions);
        let _: Option<String> = connection.get(key("names")).await.unwrap();
        let span = last(&spans);
        for (name, old_name, value) in [
            ("db.system.name", "db.system", "redis"),
            ("db.operation.name", "db.operation", "GET"),
            ("db.query.text", "db.statement", "GET ?"),
            ("db.namespace", "db.name", "0"),
        ] {
            assert_eq!(span.text(name), Some(value).filter(|_| stable), "{conventions:?} {name}");
            assert_eq!(span.text(old_name), Some(value).filter(|_| old), "{conventions:?} {old_name}");
        }
    }
}
