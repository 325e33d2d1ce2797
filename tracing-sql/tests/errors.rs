//! An error is recorded by its class and without its message.

mod support;

use support::on_all_databases;
use tracing_core_lite::span::data::StatusData;
use tracing_sql::TracedDatabase;

on_all_databases! {
    async fn a_violation(db: 1) {
        let insert = || db.sql("INSERT INTO {t} (id, name) VALUES (770019283, 'secret-name')");
        sqlx::query(insert()).execute(db.pool.inner()).await.unwrap();
        let error = sqlx::query(insert()).execute(&db.pool).await.unwrap_err();
        assert!(error.as_database_error().is_some_and(|error| error.is_unique_violation()));
        let span = db.spans.one(&db.name("INSERT {t}"));
        let code = match Db::SYSTEM_NAME {
            "postgresql" => "23505",
            "mysql" => "23000",
            _ => "1555",
        };
        assert_eq!(span.text("db.response.status_code"), Some(code));
        assert_eq!(span.text("error.type"), Some(code));
        assert_eq!(span.status, StatusData::Error("unique violation".to_owned()));
        let all = format!("{span:?}");
        assert!(!all.contains("secret") && !all.contains("770019283"), "{all}");
    }

    async fn a_message_that_quotes_a_value(db: 1) {
        let sql = match Db::SYSTEM_NAME {
            "postgresql" => "SELECT CAST('secret' AS INTEGER)",
            "mysql" => "SELECT * FROM JSON_TABLE('secret', '$' COLUMNS (a INT PATH '$')) AS t, no_such_table",
            _ => "SELECT json('secret')",
        };
        let error = sqlx::query(sql).execute(&db.pool).await.unwrap_err();
        let spans = format!("{:?}", db.spans.finished());
        assert!(spans.contains("Error(\"\")"), "{error} {spans}");
        assert!(!spans.contains("secret"), "{spans}");
    }

    async fn a_row_that_is_not_found_does_not_fail_the_query(db: 1) {
        let found = sqlx::query(db.sql("SELECT id FROM {t}")).fetch_one(&db.pool).await;
        assert!(matches!(found, Err(sqlx::Error::RowNotFound)));
        let span = db.spans.one(&db.name("SELECT {t}"));
        assert!(!span.is_error());
        assert_eq!(span.int("db.response.returned_rows"), Some(0));
    }

    async fn a_closed_pool(db: 1) {
        db.pool.close().await;
        assert!(sqlx::query("SELECT 1").execute(&db.pool).await.is_err());
        assert!(db.pool.begin().await.is_err());
        assert!(db.pool.acquire().await.is_err());
        assert_eq!(db.spans.one("SELECT").text("error.type"), Some("PoolClosed"));
        assert_eq!(db.spans.one(&db.name("transaction {d}")).text("tracing_suite.db.transaction.outcome"), Some("failed"));
        assert_eq!(db.spans.one("acquire connection").text("error.type"), Some("PoolClosed"));
    }
}
