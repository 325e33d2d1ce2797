//! Spans for sqlx: wrap a pool or a connection, and every query becomes part of the trace.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sqlx::sqlite::SqlitePool;
//! use tracing_core_lite::testing::TestSpans;
//! use tracing_sql::TracedPool;
//!
//! let spans = TestSpans::new();
//! let pool = TracedPool::new(SqlitePool::connect("sqlite::memory:").await?).with_provider(spans.provider());
//! sqlx::query("SELECT 'secret'").execute(&pool).await?;
//!
//! let span = spans.one("SELECT");
//! assert_eq!(span.text("db.system.name"), Some("sqlite"));
//! assert_eq!(span.text("db.query.text"), Some("SELECT ?"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! [`TracedPool`], [`TracedConnection`] and [`TracedTransaction`] are executors of sqlx. Each database is a feature:
//! `postgres`, `mysql`, `sqlite`.
//!
//! # What a span records
//! The span of a query has the kind client. It lasts from the first poll to the last row, an error or the drop. Its name is the
//! [summary](sanitize) of the query, such as `SELECT orders`.
//!
//! | attribute | value |
//! |---|---|
//! | `db.system.name` | `postgresql`, `mysql`, `sqlite`, or what [`with_system_name`](TracedPool::with_system_name) sets |
//! | `db.namespace` | the database, or the name of SQLite's file |
//! | `server.address`, `server.port` | from the options of the pool |
//! | `db.query.summary`, `db.query.text` | see [`sanitize`]. Bound parameters are recorded only by [`with_parameters`] |
//! | `db.operation.name` | for statements without a text of their own: `BEGIN`, `COMMIT`, `PREPARE`, `transaction` |
//! | `db.operation.batch.size` | the number of statements in the text, if there are several |
//! | `db.response.returned_rows` | the rows so far, with [`with_returned_rows`](TracedPool::with_returned_rows) |
//! | `db.response.status_code` | the database's code of an error: SQLSTATE, or the number of SQLite |
//! | `error.type` | that code, the [class](tracing_core_lite::error_class) of an I/O error, the name of sqlx's error, or `cancelled` |
//! | `tracing_suite.db.response.affected_rows` | the rows that were inserted, changed or deleted, unless the query only reads |
//! | `tracing_suite.db.transaction.outcome` | how a [transaction](TracedTransaction) ended |
//! | `tracing_suite.db.client.connection.wait_time` | the seconds of a wait for a connection |
//! | `tracing_suite.db.query.execution_time` | the seconds of a query once it had a connection |
//!
//! The span of a query on a pool has the event `connection_acquired` with the wait time, and each query has the event
//! `query_executed` with the execution time. A query that is dropped has the event `cancelled`, and has failed if it
//! had no row yet. The messages of errors are not recorded, because databases quote values in them.
//!
//! # Parents
//! The parent of a query is the current span. Within a transaction it is the transaction's span, or a span that the
//! caller has started since the transaction began.
//!
//! # Behavior of queries
//! Tracing never makes a query fail. Statements are cached, rows are streamed and dropped futures cancel as in sqlx.
//! [`with_sqlcommenter`](TracedPool::with_sqlcommenter) changes the caching, and is off by default.

mod acquire;
mod config;
mod connection;
mod database;
mod pool;
mod query;
mod record;
pub mod sanitize;
mod transaction;

pub use acquire::TracedAcquire;
pub use connection::{TracedConnection, TracedPoolConnection};
pub use database::TracedDatabase;
pub use pool::TracedPool;
pub use record::with_parameters;
/// The core that records the spans.
pub use tracing_core_lite;
pub use tracing_core_lite::database::{Conventions, Endpoint};
pub use transaction::TracedTransaction;

/// Helpers for tests of the workspace's crates. Not covered by semver.
#[doc(hidden)]
pub mod layer_support {
    pub use crate::record::error_class;
}

/// The examples of the README, compiled as tests.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
