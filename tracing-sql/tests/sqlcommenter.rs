//! With sqlcommenter, the database sees the id of the trace and caches no statement for it.

mod support;

use sqlx::Connection;
use support::on_all_databases;
use tracing_sql::TracedDatabase;

/// A query whose text is not static.
fn own_text(system_name: &str) -> &'static str {
    match system_name {
        "postgresql" => "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        "mysql" => "SELECT CAST(info AS CHAR) FROM information_schema.processlist WHERE id = CONNECTION_ID()",
        _ => "SELECT ''",
    }
}

on_all_databases! {
    async fn the_comment_has_the_ids_of_the_querys_span(db: 1) {
        let pool = db.pool.clone().with_sqlcommenter(true);
        let text: String = sqlx::query_scalar(own_text(Db::SYSTEM_NAME)).fetch_one(&pool).await.unwrap();
        let span = &db.spans.finished()[0].span;
        if Db::SYSTEM_NAME != "sqlite" {
            let comment = format!("/*traceparent='00-{}-{}-", span.trace_id, span.span_id);
            assert!(text.contains(&comment), "{text}");
        }
        assert!(!span.text("db.query.text").unwrap().contains("traceparent"));
    }

    async fn no_statement_is_kept(db: 1) {
        let mut connection = db.pool.clone().with_sqlcommenter(true).acquire().await.unwrap();
        connection.inner().clear_cached_statements().await.unwrap();
        for _ in 0..3 {
            sqlx::query("SELECT 1").execute(&mut connection).await.unwrap();
        }
        assert_eq!(connection.inner().cached_statements_size(), 0);
    }

    async fn it_is_off_by_default(db: 1) {
        let text: String = sqlx::query_scalar(own_text(Db::SYSTEM_NAME)).fetch_one(&db.pool).await.unwrap();
        assert!(!text.contains("traceparent"), "{text}");
    }
}
