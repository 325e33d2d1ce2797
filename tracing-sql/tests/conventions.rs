//! Spans satisfy the registry of the semantic conventions.

mod support;

use std::path::Path;

use serde_json::Value as Json;
use support::on_all_databases;
use tracing_core_lite::SpanKind;
use tracing_core_lite::span::data::{AnyValue, SpanData};
use tracing_sql::{Conventions, TracedDatabase};

/// The prefix of attributes that no convention defines.
const OURS: &str = "tracing_suite.";

fn registry() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/semconv_registry.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("the registry is missing at {}: {error}", path.display()));
    serde_json::from_str(&text).expect("the registry is JSON")
}

fn check(registry: &Json, span: &SpanData, group: &str) {
    for (name, value) in &span.attributes {
        if name.starts_with(OURS) {
            continue;
        }
        let known = &registry["attributes"][name];
        assert!(known.is_object(), "{name} is not in the registry");
        assert!(known["deprecated"].is_null(), "{name} is deprecated");
        let expected = known["type"].as_str();
        let found = match value {
            AnyValue::String(_) => "string",
            AnyValue::Int(_) => "int",
            _ => "another type",
        };
        assert_eq!(Some(found), expected, "{name}");
    }
    let required =
        registry["span_groups"][group]["attributes"].as_object().expect("the group is in the registry");
    for (name, attribute) in required.iter().filter(|(_, attribute)| attribute["level"] == "required") {
        assert!(span.attribute(name).is_some(), "{name} is required");
        if let Some(fixed) = attribute["fixed"].as_str() {
            assert_eq!(span.text(name), Some(fixed), "{name}");
        }
    }
    assert!(matches!(span.kind, SpanKind::Client | SpanKind::Internal));
}

on_all_databases! {
    async fn every_span(db: 1) {
        let mut transaction = db.pool.begin().await.unwrap();
        sqlx::query(db.sql("INSERT INTO {t} VALUES (1, 'a')")).execute(&mut transaction).await.unwrap();
        sqlx::query(db.sql("SELECT * FROM {t}")).fetch_all(&mut transaction).await.unwrap();
        sqlx::query("SELECT * FROM nowhere_at_all").fetch_all(&mut transaction).await.unwrap_err();
        transaction.rollback().await.unwrap();
        let registry = registry();
        let spans = db.spans.finished();
        assert_eq!(spans.len(), 6);
        for finished in &spans {
            check(&registry, &finished.span, &format!("db.{}.client", Db::SYSTEM_NAME));
        }
    }

    async fn older_names_are_recorded_on_request(db: 1) {
        let pool = db.pool.clone().with_conventions(Conventions::Old);
        sqlx::query("SELECT 1").execute(&pool).await.unwrap();
        let span = db.spans.one("SELECT");
        assert_eq!(span.text("db.statement"), Some("SELECT ?"));
        assert_eq!(span.text("db.system"), Some(Db::SYSTEM_NAME));
        assert_eq!(span.text("db.query.text"), None);
        let pool = db.pool.clone().with_conventions(Conventions::Both);
        sqlx::query("VALUES (1)").execute(&pool).await.ok();
        let span = db.spans.one("VALUES");
        assert_eq!(span.text("db.statement"), span.text("db.query.text"));
    }

    async fn the_older_name_of_affected_rows_is_recorded_on_request_only(db: 1) {
        for (conventions, stable, old) in [
            (Conventions::Stable, Some(1), None),
            (Conventions::Old, None, Some(1)),
            (Conventions::Both, Some(1), Some(1)),
        ] {
            let pool = db.pool.clone().with_conventions(conventions);
            let id = db.spans.finished().len();
            let insert = format!("INSERT INTO {{t}} VALUES ({id}, 'a')");
            sqlx::query(db.sql(&insert)).execute(&pool).await.unwrap();
            let spans = db.spans.finished();
            let span = &spans[id].span;
            assert_eq!(span.int("tracing_suite.db.response.affected_rows"), stable, "{conventions:?}");
            assert_eq!(span.int("db.rows_affected"), old, "{conventions:?}");
        }
    }
}
