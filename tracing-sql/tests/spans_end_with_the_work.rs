//! A dropped stream, an error in its middle, or a cancelled future ends the span at once, with the rows so far.

mod support;

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use support::on_all_databases;
use tracing_sql::TracedDatabase;

/// A query for ten rows, the last of which fails with a division by zero or an equivalent error.
fn failing(system_name: &str) -> &'static str {
    match system_name {
        "postgresql" => "SELECT 10 / (10 - n) FROM generate_series(1, 20) AS s (n)",
        "sqlite" => {
            "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20) \
             SELECT CASE WHEN n < 10 THEN n ELSE abs(-9223372036854775807 - 1) END FROM s"
        }
        // The server sends rows before it finds that the subquery has two.
        _ => "SELECT CASE WHEN seq < 10 THEN seq ELSE (SELECT seq FROM seq_1_to_2) END FROM seq_1_to_20",
    }
}

fn rows(system_name: &str) -> &'static str {
    match system_name {
        "postgresql" => "SELECT n FROM generate_series(1, 20) AS s (n)",
        "sqlite" => {
            "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20) SELECT n FROM s"
        }
        _ => "SELECT seq FROM seq_1_to_20",
    }
}

fn slow(system_name: &str) -> &'static str {
    match system_name {
        "postgresql" => "SELECT pg_sleep(5)",
        "sqlite" => {
            "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 30000000) SELECT count(*) FROM s"
        }
        _ => "SELECT SLEEP(5)",
    }
}

on_all_databases! {
    async fn a_stream_that_is_dropped(db: 1) {
        let mut stream = sqlx::query(rows(Db::SYSTEM_NAME)).fetch(&db.pool);
        for _ in 0..3 {
            stream.next().await.unwrap().unwrap();
        }
        assert!(db.spans.finished().is_empty());
        drop(stream);
        let span = &db.spans.finished()[0].span;
        assert_eq!(span.int("db.response.returned_rows"), Some(3));
        assert!(span.events.iter().any(|event| event.name == "cancelled"));
        assert!(!span.is_error());
        assert_eq!(span.text("error.type"), None);
    }

    async fn a_stream_on_a_connection_that_is_dropped(db: 1) {
        let pool = db.pool.clone().with_wait_threshold(Duration::MAX);
        let mut connection = pool.acquire().await.unwrap();
        let mut stream = sqlx::query(rows(Db::SYSTEM_NAME)).fetch(&mut connection);
        stream.next().await.unwrap().unwrap();
        drop(stream);
        assert_eq!(db.spans.finished()[0].span.int("db.response.returned_rows"), Some(1));
        // The connection can be used again, as with sqlx.
        assert_eq!(sqlx::query(rows(Db::SYSTEM_NAME)).fetch_all(&mut connection).await.unwrap().len(), 20);
    }

    async fn an_error_in_the_middle(db: 1) {
        let pool = db.pool.clone().with_wait_threshold(Duration::MAX);
        let mut connection = pool.acquire().await.unwrap();
        let mut stream = sqlx::query(failing(Db::SYSTEM_NAME)).fetch(&mut connection);
        let mut seen = 0;
        let error = loop {
            match stream.try_next().await {
                Ok(Some(_)) => seen += 1,
                Ok(None) => panic!("the query was to fail"),
                Err(error) => break error,
            }
        };
        // Before the stream is dropped.
        let span = &db.spans.finished()[0].span;
        assert_eq!(span.int("db.response.returned_rows"), Some(seen));
        assert!(Db::SYSTEM_NAME == "mysql" || seen > 0);
        let code = error.as_database_error().and_then(|error| error.code()).unwrap().into_owned();
        assert_eq!(span.text("db.response.status_code"), Some(&*code));
        assert_eq!(span.text("error.type"), Some(&*code));
        assert!(span.is_error());
        drop(stream);
        assert_eq!(db.spans.finished().len(), 1);
    }

    async fn a_future_that_is_cancelled(db: 2) {
        let query = sqlx::query(slow(Db::SYSTEM_NAME)).execute(&db.pool);
        assert!(tokio::time::timeout(Duration::from_millis(100), query).await.is_err());
        let span = &db.spans.finished()[0].span;
        assert_eq!(span.text("error.type"), Some("cancelled"));
        assert!(span.is_error());
        assert!(span.duration() < Duration::from_secs(4));
    }

    async fn a_future_that_is_never_polled(db: 1) {
        let pool = db.pool.clone().with_wait_threshold(Duration::MAX);
        drop(sqlx::query("SELECT 1").execute(&pool));
        let mut connection = pool.acquire().await.unwrap();
        drop(sqlx::query("SELECT 1").fetch(&mut connection));
        assert!(db.spans.finished().is_empty());
    }
}
