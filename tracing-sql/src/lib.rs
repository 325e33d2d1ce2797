//! Spans for sqlx: wrap the pool or the connection that you have, and every query is in the trace.
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
//! [`TracedPool`], [`TracedConnection`] and [`TracedTransaction`] are executors of sqlx wherever it takes one. Each database is a
//! feature: `postgres`, `mysql`, `sqlite`.
//!
//! # What a span says
//! A query's span is a client's, from the first poll to the last row, an error or the drop, and its name is the query's
//! [summary](sanitize), such as `SELECT orders`.
//!
//! | attribute | value |
//! |---|---|
//! | `db.system.name` | `postgresql`, `mysql`, `sqlite`, or [what is set](TracedPool::with_system_name) |
//! | `db.namespace` | the database, or the name of SQLite's file |
//! | `server.address`, `server.port` | from the options of the pool |
//! | `db.query.summary`, `db.query.text` | see [`sanitize`]; bound parameters are never recorded, unless [named](with_parameters) |
//! | `db.operation.name` | `BEGIN`, `COMMIT`, `PREPARE` and such: what has no text of its own |
//! | `db.operation.batch.size` | how many statements the text has, from two on |
//! | `db.response.returned_rows` | rows so far |
//! | `db.response.affected_rows` | ours: rows that were inserted, changed or deleted, when it is not a query that only reads |
//! | `db.response.status_code` | the database's code of an error: SQLSTATE, or SQLite's number |
//! | `error.type` | that code, the name of sqlx's error, or `cancelled` |
//!
//! Events: `connection_acquired` with `db.client.connection.wait_time`, when a pool's connection is there, and
//! `query_executed` with `db.query.execution_time`, both in seconds. A query that was dropped has the event `cancelled`; it has
//! failed if there was no row yet. The messages of errors are not recorded, since databases quote values in them.
//!
//! # What can go wrong
//! Nothing of tracing fails a query. sqlx's behaviour stays: statements are cached, rows are streamed, a dropped future
//! cancels as before. [`sqlcommenter`](TracedPool::with_sqlcommenter) is the exception, and is off.

mod connection;
mod conventions;
mod database;
#[cfg(feature = "metrics")]
mod metrics;
mod pool;
mod query;
pub mod sanitize;
mod semconv;
mod site;

pub use connection::{TracedConnection, TracedPoolConnection, TracedTransaction};
pub use conventions::Conventions;
pub use database::{Endpoint, TracedDatabase};
pub use pool::TracedPool;
pub use query::with_parameters;

/// What tests across the crates of the workspace need. Outside semver.
#[doc(hidden)]
pub mod layer_support {
    pub use crate::query::error_class;
}
