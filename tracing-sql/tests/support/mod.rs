//! Runs a test on SQLite, PostgreSQL and MariaDB.
//!
//! The URLs of the servers come from `TEST_POSTGRES_URL` and `TEST_MYSQL_URL`, which `cargo xtask test` sets. Tests fail without
//! them.

#![allow(dead_code, unused_macros, unused_imports, unreachable_pub)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{AssertSqlSafe, Connection, Database, MySql, Postgres, Sqlite};
use tracing_core_lite::testing::TestSpans;
use tracing_sql::{TracedDatabase, TracedPool};

/// A table of one test and the spans of its queries.
pub struct Fixture<DB: TracedDatabase> {
    pub spans: TestSpans,
    pub pool: TracedPool<DB>,
    pub table: String,
    /// The database, or the name of SQLite's file.
    pub namespace: String,
}

/// The differences between databases that the tests depend on.
pub trait TestDatabase: TracedDatabase {
    /// The first parameter of a query.
    const PARAMETER: &'static str;

    fn url(table: &str) -> String;
}

impl TestDatabase for Sqlite {
    const PARAMETER: &'static str = "?";

    fn url(table: &str) -> String {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{table}.db"));
        let _ = std::fs::remove_file(&path);
        format!("sqlite://{}?mode=rwc", path.display())
    }
}

impl TestDatabase for Postgres {
    const PARAMETER: &'static str = "$1";

    fn url(_: &str) -> String {
        from_env("TEST_POSTGRES_URL")
    }
}

impl TestDatabase for MySql {
    const PARAMETER: &'static str = "?";

    fn url(_: &str) -> String {
        from_env("TEST_MYSQL_URL")
    }
}

fn from_env(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: this test needs a server (`cargo xtask test` starts one)")
    })
}

impl<DB: TestDatabase> Fixture<DB> {
    /// A pool of at most `connections`, and an empty table with the columns `id` and `name`.
    pub async fn new(connections: u32) -> Self
    where
        for<'a> &'a mut DB::Connection: sqlx::Executor<'a, Database = DB>,
    {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let table = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let pool = PoolOptions::<DB>::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect(&DB::url(&table))
            .await
            .expect("the database accepts connections");
        let create = format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await.expect("the table is new");
        let spans = TestSpans::new();
        let namespace = DB::endpoint(&pool.connect_options()).namespace.expect("the options name a database");
        let pool = TracedPool::new(pool).with_provider(spans.provider()).with_returned_rows(true);
        Self { spans, pool, table, namespace }
    }

    /// Returns `sql` with the name of the table instead of `{t}`, and the parameter instead of `{p}`.
    pub fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{t}", &self.table).replace("{p}", DB::PARAMETER))
    }

    /// Returns `name` with the table's name instead of `{t}`, and the database's instead of `{d}`.
    pub fn name(&self, name: &str) -> String {
        name.replace("{t}", &self.table).replace("{d}", &self.namespace)
    }
}

/// Defines each test for three databases. `$db` is its `Fixture`, with a pool of the given size.
macro_rules! on_all_databases {
    ($(async fn $name:ident($db:ident: $connections:literal) $body:block)+) => {
        on_all_databases! { @ sqlite Sqlite $(async fn $name($db: $connections) $body)+ }
        on_all_databases! { @ postgres Postgres $(async fn $name($db: $connections) $body)+ }
        on_all_databases! { @ mysql MySql $(async fn $name($db: $connections) $body)+ }
    };
    (@ $module:ident $database:ident $(async fn $name:ident($db:ident: $connections:literal) $body:block)+) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            #[allow(dead_code)]
            type Db = sqlx::$database;

            $(
                #[tokio::test]
                async fn $name() {
                    let $db = $crate::support::Fixture::<sqlx::$database>::new($connections).await;
                    $body
                }
            )+
        }
    };
}

pub(crate) use on_all_databases;
