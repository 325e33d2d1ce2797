//! The cost that the wrapper adds to a query of SQLite in memory, and the cost of sanitizing a query.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sqlx::sqlite::{SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr, Sqlite};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::sampling::{AlwaysOff, AlwaysOn};
use tracing_sql::sanitize::{Dialect, sanitize, sanitized};
use tracing_sql::{Endpoint, TracedConnection, TracedPool};

const ONE: &str = "SELECT 1";
const HUNDRED: &str = "SELECT id, name FROM orders ORDER BY id";

fn providers() -> [(&'static str, TracerProvider); 2] {
    let build =
        |builder: tracing_core_lite::TracerProviderBuilder| builder.build().expect("a thread is available");
    [
        ("sampled", build(TracerProvider::builder().with_sampler(AlwaysOn))),
        ("unsampled", build(TracerProvider::builder().with_sampler(AlwaysOff))),
    ]
}

async fn fill(connection: impl Executor<'_, Database = Sqlite>) {
    let sql = "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT); \
               WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) \
               INSERT INTO orders SELECT i, 'name' FROM n";
    sqlx::raw_sql(sql).execute(connection).await.expect("the table is new");
}

async fn run(sql: &'static str, executor: impl Executor<'_, Database = Sqlite>) {
    black_box(sqlx::query(sql).fetch_all(executor).await.expect("it is a query"));
}

fn connections(criterion: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime is available");
    for (name, sql) in [("connection, SELECT 1", ONE), ("connection, 100 rows", HUNDRED)] {
        let mut group = criterion.benchmark_group(name);
        let mut bare = runtime.block_on(async {
            let mut bare = SqliteConnection::connect("sqlite::memory:").await.expect("memory is available");
            fill(&mut bare).await;
            bare
        });
        group.bench_function("bare", |bencher| bencher.iter(|| runtime.block_on(run(sql, &mut bare))));
        for (kind, provider) in providers() {
            let mut traced =
                TracedConnection::<Sqlite>::borrowed(&mut bare, Endpoint::unknown().with_namespace("shop"))
                    .with_provider(&provider);
            group.bench_function(kind, |bencher| bencher.iter(|| runtime.block_on(run(sql, &mut traced))));
        }
    }
}

fn pools(criterion: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime is available");
    let pool = runtime.block_on(async {
        let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
        let pool = pool.connect("sqlite::memory:").await.expect("memory is available");
        fill(&pool).await;
        pool
    });
    for (name, sql) in [("pool, SELECT 1", ONE), ("pool, 100 rows", HUNDRED)] {
        let mut group = criterion.benchmark_group(name);
        group.bench_function("bare", |bencher| bencher.iter(|| runtime.block_on(run(sql, &pool))));
        for (kind, provider) in providers() {
            let traced = TracedPool::new(pool.clone()).with_provider(&provider);
            group.bench_function(kind, |bencher| bencher.iter(|| runtime.block_on(run(sql, &traced))));
        }
    }
}

fn texts(criterion: &mut Criterion) {
    let short =
        "SELECT id, name FROM orders WHERE customer = 4711 AND state IN ('new', 'paid') ORDER BY id LIMIT 10";
    let join = "SELECT o.id, o.total, c.name, c.email FROM orders o JOIN customers c ON c.id = o.customer_id \
                LEFT JOIN shipments s ON s.order_id = o.id WHERE o.created_at > '2026-01-01' AND o.total >= 99.5 AND c.country = 'DE' \
                GROUP BY o.id, o.total, c.name, c.email HAVING COUNT(s.id) > 0 ORDER BY o.created_at DESC LIMIT 50 OFFSET 100";
    let list = format!("DELETE FROM orders WHERE id IN ({})", "123456, ".repeat(900) + "1");
    let mut group = criterion.benchmark_group("sanitize");
    for (name, sql) in [("short", short), ("join", join), ("list of 900", &list)] {
        group.throughput(Throughput::Bytes(sql.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), sql, |bencher, sql| {
            bencher.iter(|| sanitize(black_box(sql), Dialect::PostgreSql));
        });
    }
}

fn cached_texts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cached text");
    group.bench_function("of the same address", |bencher| {
        bencher.iter(|| sanitized(black_box(&HUNDRED.into_sql_str()), Dialect::Sqlite));
    });
    group.bench_function("made anew", |bencher| {
        bencher.iter_batched(
            || AssertSqlSafe(HUNDRED.to_owned()).into_sql_str(),
            |sql| sanitized(black_box(&sql), Dialect::Sqlite),
            criterion::BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, texts, cached_texts, connections, pools);
criterion_main!(benches);
