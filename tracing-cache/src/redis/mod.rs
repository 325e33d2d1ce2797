//! A wrapper for redis connections: every command and every pipeline becomes a span of kind client.
//!
//! [`TracedConnection`] implements [`ConnectionLike`](::redis::aio::ConnectionLike), so `AsyncCommands`, `cmd(..)`,
//! pipelines and scripts work on it as on the connection that it wraps.
//!
//! ```no_run
//! use redis::AsyncCommands;
//! use tracing_cache::redis::TracedConnection;
//!
//! # async fn example() -> redis::RedisResult<()> {
//! let client = redis::Client::open("redis://cache.internal/")?;
//! let connection = client.get_multiplexed_async_connection().await?;
//! let mut connection = TracedConnection::new(connection).server_of(&client);
//!
//! let price: Option<u32> = connection.get("price:4711").await?; // a span `GET cache.internal:6379`
//! # let _ = price;
//! # Ok(())
//! # }
//! ```
//!
//! # What is recorded
//! | attribute | value |
//! |---|---|
//! | `db.system.name` | `redis` |
//! | `db.operation.name` | the command, `PIPELINE GET`, `PIPELINE`, `MULTI GET` or `MULTI` |
//! | `db.query.text` | `SET ? ?`: each argument is hidden, unless [`CommandText`] says otherwise |
//! | `db.namespace` | the index of the database |
//! | `db.operation.batch.size` | commands of a pipeline, from 2 |
//! | `server.address`, `server.port` | where they are [known](TracedConnection::server_of); the port even if it is 6379 |
//! | `cache.hit` | for `GET`, `GETEX`, `GETDEL` and `HGET`: whether there was a value |
//! | `db.response.status_code` | the server's error code, such as `WRONGTYPE` |
//! | `error.type` | that code, else `timeout`, `connection_refused`, `connection_closed`, `io_error`, …; `cancelled` when the future was dropped |
//!
//! Nil is a miss, and no error. The text of an error is not recorded, since servers put keys into it.
//!
//! # When a span ends
//! With the response, or when the future is dropped; that does not call the command back.
//!
//! # Limits
//! What a connection does by itself is not seen: reconnecting, redirections of a cluster, pushes. For subscriptions, use
//! [`inner_mut`](TracedConnection::inner_mut). A recorded command costs one allocation, as the trait of `redis` demands a
//! boxed future; one that is not sampled goes through unwrapped.

mod command;
mod config;
mod connection;
mod error_class;
mod future;
#[cfg(feature = "metrics")]
mod metrics;

pub use command::CommandText;
pub use connection::TracedConnection;
