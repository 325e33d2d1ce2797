//! Every way to run a query creates one span, which records the query and its result.

mod support;

use futures_util::TryStreamExt;
use sqlx::{Executor, FromRow, Row, SqlSafeStr, Statement};
use support::on_all_databases;
use tracing_core_lite::span::data::{AnyValue, EventData};
use tracing_core_lite::{Context, SpanKind};
use tracing_sql::{TracedDatabase, with_parameters};

#[derive(Debug, FromRow, PartialEq)]
struct Order {
    id: i32,
    name: String,
}

on_all_databases! {
    async fn an_insert_records_how_many_rows_it_affected(db: 1) {
        let sql = db.sql("INSERT INTO {t} (id, name) VALUES (1, 'secret'), (2, 'secret')");
        let done = sqlx::query(sql).execute(&db.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 2);
        let span = db.spans.one(&db.name("INSERT {t}"));
        assert_eq!(span.kind, SpanKind::Client);
        assert_eq!(span.text("db.system.name"), Some(Db::SYSTEM_NAME));
        assert_eq!(span.text("db.query.summary"), Some(&*db.name("INSERT {t}")));
        assert_eq!(span.text("db.query.text"), Some(&*db.name("INSERT INTO {t} (id, name) VALUES (?, ?)")));
        assert_eq!(span.int("tracing_suite.db.response.affected_rows"), Some(2));
        assert_eq!(span.int("db.response.returned_rows"), None);
        assert!(span.text("db.namespace").is_some());
        assert_eq!(span.text("server.address").is_some(), Db::SYSTEM_NAME != "sqlite");
        assert_eq!(span.int("server.port").is_some(), Db::SYSTEM_NAME != "sqlite");
        assert!(!span.is_error());
        assert!(!format!("{span:?}").contains("secret"));
    }

    async fn each_way_to_fetch_counts_its_rows(db: 2) {
        for id in 1..=3 {
            let insert = db.sql(&format!("INSERT INTO {{t}} (id, name) VALUES ({id}, 'a')"));
            sqlx::query(insert).execute(db.pool.inner()).await.unwrap();
        }
        let all = || db.sql("SELECT id, name FROM {t} ORDER BY id");
        let by_id = || db.sql("SELECT id, name FROM {t} WHERE id = {p}");
        let pool = &db.pool;
        let mut expected = Vec::new();

        assert_eq!(sqlx::query(all()).fetch_all(pool).await.unwrap().len(), 3);
        expected.push(3);
        let order: Order = sqlx::query_as(by_id()).bind(2).fetch_one(pool).await.unwrap();
        assert_eq!(order, Order { id: 2, name: "a".to_owned() });
        expected.push(1);
        assert!(sqlx::query(by_id()).bind(9).fetch_optional(pool).await.unwrap().is_none());
        expected.push(0);
        assert_eq!(sqlx::query_scalar::<_, i32>(all()).fetch(pool).try_collect::<Vec<_>>().await.unwrap(), [1, 2, 3]);
        expected.push(3);
        assert_eq!(sqlx::raw_sql(all()).fetch_all(pool).await.unwrap().len(), 3);
        expected.push(3);
        let mapped = sqlx::query(all()).map(|row: <Db as sqlx::Database>::Row| row.get::<i32, _>(0));
        assert_eq!(mapped.fetch_all(pool).await.unwrap(), [1, 2, 3]);
        expected.push(3);
        assert_eq!(pool.fetch_all(all()).await.unwrap().len(), 3);
        expected.push(3);

        let spans = db.spans.finished();
        let name = db.name("SELECT {t}");
        assert!(spans.iter().all(|finished| finished.span.name == name), "{spans:?}");
        let rows: Vec<i64> = spans.iter().filter_map(|finished| finished.span.int("db.response.returned_rows")).collect();
        assert_eq!(rows, expected);
        assert!(spans.iter().all(|finished| finished.span.int("tracing_suite.db.response.affected_rows").is_none()));
        assert_eq!(spans[0].scope.name, "tracing-sql");
    }

    async fn a_batch_records_its_size(db: 1) {
        let sql = db.sql("INSERT INTO {t} VALUES (1, 'a'); DELETE FROM {t}; SELECT id FROM {t};");
        sqlx::raw_sql(sql).execute(&db.pool).await.map(drop).or_else(|error| {
            // MariaDB reads several statements as one, unless the client sets an option that sqlx does not set.
            if Db::SYSTEM_NAME == "mysql" { Ok(()) } else { Err(error) }
        }).unwrap();
        let span = db.spans.one(&db.name("INSERT {t}; DELETE {t}; SELECT {t}"));
        assert_eq!(span.int("db.operation.batch.size"), Some(3));
    }

    async fn a_query_is_a_child_of_the_current_span(db: 1) {
        let parent = db.spans.tracer().span("handler").start();
        let context = parent.in_context(&Context::new());
        let query = sqlx::query(db.sql("SELECT id FROM {t}")).fetch_all(&db.pool);
        tracing_core_lite::context::FutureExt::in_context(query, context).await.unwrap();
        parent.end();
        db.spans.assert_tree(&db.name("
            handler
              SELECT {t}
        "));
    }

    async fn events_record_when_there_was_a_connection_and_when_the_query_ended(db: 1) {
        sqlx::query("SELECT 1").execute(&db.pool).await.unwrap();
        let pool = db.pool.clone().with_wait_threshold(std::time::Duration::MAX);
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("SELECT 2").execute(&mut connection).await.unwrap();
        let spans = db.spans.finished();
        let events = |index: usize| spans[index].span.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>();
        assert_eq!(events(0), ["connection_acquired", "query_executed"]);
        assert_eq!(events(1), ["query_executed"]);
        let nanos = |event: &EventData, key: &str| match &event.attributes[..] {
            [(found, AnyValue::Double(seconds))] if found == key => (seconds * 1e9).round() as u64,
            other => panic!("{key}: {other:?}"),
        };
        for finished in &spans {
            let (span, mut since) = (&finished.span, finished.span.start_time_unix_nano);
            let [acquired @ .., executed] = &span.events[..] else { panic!("{span:?}") };
            if let [acquired] = acquired {
                assert_eq!(nanos(acquired, "tracing_suite.db.client.connection.wait_time"), acquired.time_unix_nano - since);
                since = acquired.time_unix_nano;
            }
            assert_eq!(nanos(executed, "tracing_suite.db.query.execution_time"), executed.time_unix_nano - since);
            assert_eq!(executed.time_unix_nano, span.end_time_unix_nano);
        }
    }

    async fn a_long_text_is_recorded_like_a_short_one(db: 1) {
        let columns = vec!["id"; 500].join(", ");
        let sql = format!("SELECT {columns} FROM {{t}}");
        for _ in 0..2 {
            sqlx::query(db.sql(&sql)).fetch_all(&db.pool).await.unwrap();
        }
        for finished in db.spans.finished() {
            assert_eq!(finished.span.text("db.query.text"), Some(&*db.name(&sql)));
            assert_eq!(finished.span.text("db.query.summary"), Some(&*db.name("SELECT {t}")));
        }
    }

    async fn connections_are_executors_with_and_without_a_star(db: 1) {
        let mut connection = db.pool.acquire().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut connection).await.unwrap();
        sqlx::query("SELECT 1").execute(&mut *connection).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut transaction).await.unwrap();
        sqlx::query("SELECT 1").execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        let selects = db.spans.finished().iter().filter(|finished| finished.span.name == "SELECT").count();
        assert_eq!(selects, 4);
    }

    async fn a_statement_is_prepared_and_run(db: 1) {
        let mut connection = db.pool.acquire().await.unwrap();
        let statement = connection.prepare(db.sql("SELECT id FROM {t} WHERE id = {p}").into_sql_str()).await.unwrap();
        let rows = statement.query().bind(1).fetch_all(&mut connection).await.unwrap();
        assert!(rows.is_empty());
        assert_eq!(db.spans.one(&db.name("PREPARE SELECT {t}")).text("db.operation.name"), Some("PREPARE"));
        assert_eq!(db.spans.one(&db.name("SELECT {t}")).int("db.response.returned_rows"), Some(0));
    }

    async fn nothing_is_recorded_of_an_unsampled_query(db: 1) {
        let spans = tracing_core_lite::testing::TestSpans::with(|builder| {
            builder.with_sampler(tracing_core_lite::sampling::AlwaysOff)
        }).unwrap();
        let pool = db.pool.clone().with_provider(spans.provider());
        let rows = sqlx::query(db.sql("SELECT id FROM {t}")).fetch_all(&pool).await.unwrap();
        assert!(rows.is_empty());
        assert!(spans.finished().is_empty());
    }

    async fn a_text_of_no_known_operation_is_named_after_the_database(db: 1) {
        let _ = sqlx::raw_sql("FROBNICATE 42").execute(&db.pool).await;
        let spans = db.spans.finished();
        assert_eq!(Some(spans[0].span.name.as_str()), spans[0].span.text("db.namespace"));
        assert_eq!(spans[0].span.text("db.query.text"), Some("FROBNICATE ?"));
        assert!(spans[0].span.is_error());
    }

    async fn parameters_are_recorded_only_when_they_are_named(db: 1) {
        let text = db.sql("SELECT id FROM {t} WHERE id = 7");
        sqlx::query(text).fetch_all(&db.pool).await.unwrap();
        // A transaction has a context of its own.
        let mut transaction = db.pool.begin().await.unwrap();
        let query = sqlx::query("SELECT 1 + 1").fetch_all(&mut *transaction);
        with_parameters([("shelf", 7)], query).await.unwrap();
        transaction.commit().await.unwrap();

        let parameters = |name: &str| {
            let attributes = db.spans.one(name).attributes;
            let parameters = attributes.into_iter().filter(|(key, _)| key.starts_with("db.query.parameter."));
            parameters.map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(parameters("SELECT"), [("db.query.parameter.shelf".to_owned(), "7".to_owned())]);
        for unnamed in [db.name("SELECT {t}"), "COMMIT".to_owned(), db.name("transaction {d}")] {
            assert_eq!(parameters(&unnamed), [], "{unnamed}");
        }
    }

    async fn text_and_events_can_be_left_out(db: 1) {
        let pool = db.pool.clone().with_query_text(false).with_events(false).with_pool_name("main").with_system_name("other_sql");
        sqlx::query("SELECT 1").execute(&pool).await.unwrap();
        let span = db.spans.one("SELECT");
        assert_eq!((span.text("db.query.text"), span.events.len()), (None, 0));
        assert_eq!(span.text("db.client.connection.pool.name"), Some("main"));
        assert_eq!(span.text("db.system.name"), Some("other_sql"));
    }
}
