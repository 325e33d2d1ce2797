//! A transaction is a span that has its queries as children and records how it ended.

mod support;

use support::on_all_databases;

on_all_databases! {
    async fn a_commit(db: 1) {
        let mut transaction = db.pool.begin().await.unwrap();
        sqlx::query(db.sql("INSERT INTO {t} VALUES (1, 'a')")).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        db.spans.assert_tree(&db.name("
            transaction {d}
              BEGIN
              INSERT {t}
              COMMIT
        "));
        let span = db.spans.one(&db.name("transaction {d}"));
        assert_eq!(span.text("db.operation.name"), Some("transaction"));
        assert_eq!(span.text("tracing_suite.db.transaction.outcome"), Some("committed"));
        assert_eq!(span.events[0].name, "connection_acquired");
        assert_eq!(db.spans.one("COMMIT").text("db.operation.name"), Some("COMMIT"));
        let count: i64 = sqlx::query_scalar(db.sql("SELECT COUNT(*) FROM {t}")).fetch_one(&db.pool).await.unwrap();
        assert_eq!(count, 1);
    }

    async fn a_rollback(db: 1) {
        let mut transaction = db.pool.begin().await.unwrap();
        sqlx::query(db.sql("INSERT INTO {t} VALUES (1, 'a')")).execute(&mut transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        db.spans.assert_tree(&db.name("
            transaction {d}
              BEGIN
              INSERT {t}
              ROLLBACK
        "));
        let span = db.spans.one(&db.name("transaction {d}"));
        assert_eq!(span.text("tracing_suite.db.transaction.outcome"), Some("rolled_back"));
        assert!(!span.is_error());
        let count: i64 = sqlx::query_scalar(db.sql("SELECT COUNT(*) FROM {t}")).fetch_one(&db.pool).await.unwrap();
        assert_eq!(count, 0);
    }

    async fn a_rollback_by_drop(db: 1) {
        let mut transaction = db.pool.begin().await.unwrap();
        sqlx::query(db.sql("INSERT INTO {t} VALUES (1, 'a')")).execute(&mut *transaction).await.unwrap();
        drop(transaction);
        assert_eq!(db.spans.one(&db.name("transaction {d}")).text("tracing_suite.db.transaction.outcome"), Some("dropped"));
        let count: i64 = sqlx::query_scalar(db.sql("SELECT COUNT(*) FROM {t}")).fetch_one(&db.pool).await.unwrap();
        assert_eq!(count, 0);
    }

    async fn savepoints_nest(db: 1) {
        let mut outer = db.pool.begin().await.unwrap();
        let mut inner = outer.begin().await.unwrap();
        sqlx::query(db.sql("INSERT INTO {t} VALUES (1, 'a')")).execute(&mut *inner).await.unwrap();
        inner.rollback().await.unwrap();
        let mut inner = outer.begin().await.unwrap();
        sqlx::query(db.sql("INSERT INTO {t} VALUES (2, 'a')")).execute(&mut *inner).await.unwrap();
        inner.commit().await.unwrap();
        outer.commit().await.unwrap();
        db.spans.assert_tree(&db.name("
            transaction {d}
              BEGIN
              savepoint {d}
                SAVEPOINT
                INSERT {t}
                ROLLBACK TO SAVEPOINT
              savepoint {d}
                SAVEPOINT
                INSERT {t}
                RELEASE SAVEPOINT
              COMMIT
        "));
        let ids: Vec<i32> = sqlx::query_scalar(db.sql("SELECT id FROM {t}")).fetch_all(&db.pool).await.unwrap();
        assert_eq!(ids, [2]);
    }

    async fn a_begin_that_fails(db: 1) {
        let begun = db.pool.begin_with("SELECT FROM nowhere at all").await;
        assert!(begun.is_err());
        let span = db.spans.one(&db.name("transaction {d}"));
        assert_eq!(span.text("tracing_suite.db.transaction.outcome"), Some("failed"));
        assert!(span.is_error());
        assert!(db.spans.one("BEGIN").is_error());
    }

    async fn a_transaction_of_a_connection_without_a_pool(db: 1) {
        let mut pooled = db.pool.inner().acquire().await.unwrap();
        let mut connection = tracing_sql::TracedConnection::<Db>::borrowed(&mut pooled, tracing_sql::Endpoint::unknown())
            .with_provider(db.spans.provider());
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        db.spans.assert_tree("
            transaction
              BEGIN
              SELECT
              COMMIT
        ");
    }
}
