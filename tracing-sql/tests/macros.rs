//! `sqlx::query!` and similar macros run through the wrapper. They are checked against SQLite when this test is
//! compiled (`.env`).

use sqlx::sqlite::SqlitePool;
use tracing_core_lite::testing::TestSpans;
use tracing_sql::TracedPool;

#[tokio::test]
async fn query_macros_have_spans() {
    let spans = TestSpans::new();
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let pool = TracedPool::new(pool).with_provider(spans.provider());
    let row = sqlx::query!(r#"SELECT ? AS "number!: i64""#, 7).fetch_one(&pool).await.unwrap();
    assert_eq!(row.number, 7);
    let mut transaction = pool.begin().await.unwrap();
    let one = sqlx::query_scalar!(r#"SELECT 1 AS "one!: i64""#).fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(one, 1);
    transaction.commit().await.unwrap();
    let selects = spans.finished().iter().filter(|finished| finished.span.name == "SELECT").count();
    assert_eq!(selects, 2);
}
