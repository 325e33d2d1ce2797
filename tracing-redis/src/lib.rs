//! Spans for the commands of redis connections.
//!
//! [`TracedRedis`] wraps an asynchronous connection of the crate [`redis`]: a `MultiplexedConnection`, a `ConnectionManager`, or
//! a `ClusterConnection`. It implements [`ConnectionLike`](redis::aio::ConnectionLike), so `AsyncCommands`, `cmd`, pipelines,
//! transactions and scripts work on it. Every command and every pipeline becomes a span of the kind client.
//!
//! ```no_run
//! use redis::AsyncCommands;
//! use tracing_redis::TracedRedis;
//!
//! # async fn example() -> redis::RedisResult<()> {
//! let client = redis::Client::open("redis://cache.internal/")?;
//! let connection = client.get_multiplexed_async_connection().await?;
//! let mut connection = TracedRedis::new(connection).with_server_of(&client);
//!
//! let price: Option<u32> = connection.get("price:4711").await?; // a span `GET cache.internal:6379`
//! # let _ = price;
//! # Ok(())
//! # }
//! ```
//!
//! To record the lookups of a cache in this process, such as moka, use `tracing_core_lite::cache`.
//!
//! # What a span shows
//! | attribute | value |
//! |---|---|
//! | `db.system.name` | `redis` |
//! | `db.operation.name` | the command, such as `GET`; for a pipeline `PIPELINE GET` or `PIPELINE`, for a transaction `MULTI GET` or `MULTI` |
//! | `db.query.text` | the command with `?` for every argument, such as `SET ? ?`; [`CommandText`] changes that |
//! | `db.namespace` | the index of the database |
//! | `db.operation.batch.size` | the number of commands of a pipeline, from 2 |
//! | `server.address`, `server.port` | the server, if it was [set](TracedRedis::with_server_of); the port even if it is 6379 |
//! | `tracing_suite.cache.hit` | whether there was a value, for `GET`, `GETEX`, `GETDEL` and `HGET` |
//! | `db.response.status_code` | the error code of the server, such as `WRONGTYPE` |
//! | `error.type` | that code, or a class of the [shared list](tracing_core_lite::error_class), such as `timeout` |
//!
//! Nil is a miss, not an error. The text of an error is not recorded, because servers put keys into it.
//!
//! The names follow the semantic conventions v1.44.0, database and redis spans. `tracing_suite.cache.hit` is not part of them.
//! [`with_conventions`](TracedRedis::with_conventions) and `OTEL_SEMCONV_STABILITY_OPT_IN` select the older names.
//!
//! # When a span ends
//! A span ends with the response. If the future of a command is dropped, its span ends as cancelled; the server may still run
//! the command. If the connection panics, the span ends as failed, with the `error.type` `panic`.
//!
//! # Limits
//! - What a connection does by itself is not recorded: reconnects, the redirects of a cluster, and pushes.
//! - Subscriptions are not commands. Use [`inner_mut`](TracedRedis::inner_mut) for them.
//! - A recorded command costs one allocation, because the trait of `redis` asks for a boxed future. A command that is not
//!   sampled returns the future of the connection itself.
//!
//! # Features
//! `metrics`: `db.client.operation.duration`; `full`: the same. None by default.

mod config;
mod connection;
mod record;

pub use connection::TracedRedis;
pub use record::CommandText;
/// The client that is wrapped.
pub use redis;
/// The core that records the spans.
pub use tracing_core_lite;
pub use tracing_core_lite::database::Conventions;

/// The examples of the README, so that they compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
