//! A pipeline is one span.
#![allow(clippy::unwrap_used)]

mod support;

use support::{connect, key, target};

#[tokio::test]
async fn names_and_sizes() {
    let (spans, mut connection) = connect().await;
    let (a, b) = (key("a"), key("b"));
    let mut same = redis::pipe();
    same.set(&a, 1).set(&b, 2);
    let mut mixed = redis::pipe();
    mixed.get(&a).del(&b);
    let mut transaction = redis::pipe();
    transaction.atomic().incr(&a, 1).incr(&a, 1);
    let mut single = redis::pipe();
    single.get(&a);
    for (pipeline, name, size, text) in [
        (same, "PIPELINE SET", Some(2), "SET ? ?; SET ? ?"),
        (mixed, "PIPELINE", Some(2), "GET ?; DEL ?"),
        (transaction, "MULTI INCRBY", Some(2), "INCRBY ? ?; INCRBY ? ?"),
        (single, "GET", None, "GET ?"),
    ] {
        let _: redis::Value = pipeline.query_async(&mut connection).await.unwrap();
        let span = spans.finished().pop().unwrap().span;
        assert_eq!(span.text("db.operation.name"), Some(name));
        assert_eq!(span.name, format!("{name} {}", target()));
        assert_eq!(span.int("db.operation.batch.size"), size);
        assert_eq!(span.text("db.query.text"), Some(text));
        assert!(!span.is_error());
    }
}

#[tokio::test]
async fn an_error_within() {
    let (spans, mut connection) = connect().await;
    let key = key("within");
    for is_atomic in [false, true] {
        let mut pipeline = redis::pipe();
        if is_atomic {
            pipeline.atomic();
        }
        pipeline.set(&key, "text").lpush(&key, 1).del(&key);
        pipeline.query_async::<redis::Value>(&mut connection).await.unwrap_err();
        let span = spans.finished().pop().unwrap().span;
        assert!(span.is_error());
        assert_eq!(span.text("db.response.status_code"), Some("WRONGTYPE"), "atomic: {is_atomic}");
    }
}
