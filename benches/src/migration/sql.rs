//! A query with a secret in its text.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Collected;

const TABLE: &str = "CREATE TABLE orders (id INTEGER, token TEXT)";
const QUERY: &str = "SELECT * FROM orders WHERE token = 's3cret'";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub fn sqlx_tracing(collected: &Collected) {
    let layer = tracing_opentelemetry::layer().with_tracer(collected.sdk().tracer("shop"));
    runtime().block_on(async {
        let options = sqlx_08::sqlite::SqlitePoolOptions::new().max_connections(1);
        let pool = options.connect("sqlite::memory:").await.expect("memory");
        sqlx_08::query(TABLE).execute(&pool).await.expect("a table");
        // Only the query is shown.
        tracing_subscriber::registry().with(layer).init();
        let pool = sqlx_tracing::PoolBuilder::from(pool).build();
        sqlx_08::query(QUERY).fetch_all(&pool).await.expect("rows");
    });
}

pub fn ours(collected: &Collected) {
    let provider = collected.ours();
    runtime().block_on(async {
        let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
        let pool = options.connect("sqlite::memory:").await.expect("memory");
        sqlx::query(TABLE).execute(&pool).await.expect("a table");
        let pool = tracing_sql::TracedPool::new(pool).with_provider(&provider);
        sqlx::query(QUERY).fetch_all(&pool).await.expect("rows");
    });
    provider.flush(Duration::from_secs(10)).expect("the spans arrive");
}
