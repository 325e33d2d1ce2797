//! Queries and a transaction on SQLite, in memory, without a server.
//! `cargo run -p examples --example sqlx_sqlite`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use sqlx::sqlite::SqlitePoolOptions;
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_sql::TracedPool;

async fn place_order(pool: &TracedPool<sqlx::Sqlite>) -> Result<i64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // The span records the text of the query, but not the parameter.
    sqlx::query("INSERT INTO example_orders (customer) VALUES ($1)")
        .bind("somebody's name")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    sqlx::query_scalar("SELECT COUNT(*) FROM example_orders").fetch_one(pool).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("sqlx-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let pool = TracedPool::new(SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?);
    // Setup goes to the inner pool and creates no spans.
    let table = "CREATE TABLE IF NOT EXISTS example_orders (customer VARCHAR(80))";
    sqlx::raw_sql(table).execute(pool.inner()).await?;

    let span = tracing.provider().tracer("shop").span("place order").start();
    let context = span.in_context(&Context::new());
    examples::until_stopped(async {
        println!("{} orders", place_order(&pool).in_context(context).await?);
        span.end();
        sqlx::raw_sql("DROP TABLE example_orders").execute(pool.inner()).await?;
        Ok(())
    })
    .await
}
