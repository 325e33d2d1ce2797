//! Functions that accept any source of connections keep their spans, and those of sqlx compile with a wrapper.

mod support;

use support::on_all_databases;
use tracing_sql::{TracedAcquire, TracedConnection};

on_all_databases! {
    async fn a_function_over_any_source_of_connections_keeps_its_spans(db: 1) {
        async fn count<'c>(source: impl TracedAcquire<'c, Database = Db>) -> i64 {
            let mut connection = source.acquire().await.unwrap();
            sqlx::query_scalar("SELECT COUNT(*)").fetch_one(&mut connection).await.unwrap()
        }
        let pool = db.pool.clone().with_wait_threshold(std::time::Duration::MAX);
        assert_eq!(count(&pool).await, 1);
        let mut pooled = pool.acquire().await.unwrap();
        assert_eq!(count(&mut pooled).await, 1);
        assert_eq!(count(&mut *pooled).await, 1);
        let mut transaction = pooled.begin().await.unwrap();
        assert_eq!(count(&mut transaction).await, 1);
        let nested = TracedAcquire::begin(&mut transaction).await.unwrap();
        nested.commit().await.unwrap();
        transaction.commit().await.unwrap();
        db.spans.assert_tree(&db.name("
            SELECT
            SELECT
            SELECT
            transaction {d}
              BEGIN
              SELECT
              savepoint {d}
                SAVEPOINT
                RELEASE SAVEPOINT
              COMMIT
        "));
    }

    async fn a_function_over_a_traced_connection_takes_all_of_them(db: 1) {
        async fn count(connection: &mut TracedConnection<'_, Db>) -> i64 {
            sqlx::query_scalar("SELECT COUNT(*)").fetch_one(&mut *connection).await.unwrap()
        }
        let mut connection = db.pool.acquire().await.unwrap();
        assert_eq!(count(&mut connection).await, 1);
        let mut transaction = connection.begin().await.unwrap();
        assert_eq!(count(&mut transaction).await, 1);
        transaction.rollback().await.unwrap();
        let selects = db.spans.finished().iter().filter(|finished| finished.span.name == "SELECT").count();
        assert_eq!(selects, 2);
    }

    async fn functions_of_sqlx_take_the_inner_connection_and_pool(db: 1) {
        async fn on_connection(connection: &mut <Db as sqlx::Database>::Connection) -> i64 {
            sqlx::query_scalar("SELECT COUNT(*)").fetch_one(connection).await.unwrap()
        }
        async fn on_pool(pool: &sqlx::Pool<Db>) -> i64 {
            sqlx::query_scalar("SELECT COUNT(*)").fetch_one(pool).await.unwrap()
        }
        async fn on_any<'c>(source: impl sqlx::Acquire<'c, Database = Db>) -> i64 {
            let mut connection = source.acquire().await.unwrap();
            sqlx::query_scalar("SELECT COUNT(*)").fetch_one(&mut *connection).await.unwrap()
        }
        assert_eq!(on_pool(db.pool.inner()).await, 1);
        assert_eq!(on_pool(db.pool.as_ref()).await, 1);
        assert_eq!(on_any(&db.pool).await, 1);
        let mut connection = db.pool.acquire().await.unwrap();
        assert_eq!(on_connection(connection.inner()).await, 1);
        assert_eq!(on_any(&mut *connection).await, 1);
        let mut transaction = connection.begin().await.unwrap();
        assert_eq!(on_connection(transaction.as_mut()).await, 1);
        transaction.rollback().await.unwrap();
    }
}
