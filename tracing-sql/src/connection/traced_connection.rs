//! A connection whose queries have spans.

use std::fmt;
use std::sync::Arc;

use sqlx_core::pool::PoolConnection;
use sqlx_core::transaction::Transaction;
use tracing_core_lite::context::StoredContext;
use tracing_core_lite::database::{Conventions, Endpoint};
use tracing_core_lite::{Tracer, TracerProvider};

#[cfg(feature = "sqlite")]
use crate::config::sqlite_settings;
use crate::config::{Config, common_settings};
use crate::database::TracedDatabase;
#[cfg(feature = "sqlite")]
use crate::sanitize::Dialect;

/// A connection whose queries have spans. `&mut connection` is an executor of sqlx.
///
/// [`TracedPoolConnection`](crate::TracedPoolConnection) and [`TracedTransaction`](crate::TracedTransaction) dereference to it,
/// so `&mut *transaction` works as it does in sqlx. To wrap a connection that was opened without a pool, use
/// [`new`](TracedConnection::new) or [`borrowed`](TracedConnection::borrowed):
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # async fn example() -> Result<(), sqlx::Error> {
/// use sqlx::{Connection, SqliteConnection};
/// use tracing_sql::{Endpoint, TracedConnection};
///
/// let connection = SqliteConnection::connect("sqlite::memory:").await?;
/// let mut connection = TracedConnection::<sqlx::Sqlite>::new(connection, Endpoint::unknown());
/// sqlx::query("SELECT 1").execute(&mut connection).await?;
/// # Ok(())
/// # }
/// ```
pub struct TracedConnection<'c, DB: TracedDatabase> {
    pub(crate) held: Held<'c, DB>,
    pub(crate) config: Arc<Config>,
    /// The context of the transaction that the connection is in.
    pub(crate) stored: Option<StoredContext>,
}

pub(crate) enum Held<'c, DB: TracedDatabase> {
    Owned(Box<DB::Connection>),
    Borrowed(&'c mut DB::Connection),
    Pooled(PoolConnection<DB>),
    Transaction(Transaction<'c, DB>),
}

impl<DB: TracedDatabase> fmt::Debug for TracedConnection<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedConnection")
            .field("endpoint", self.config.client.endpoint())
            .finish_non_exhaustive()
    }
}

impl<DB: TracedDatabase> TracedConnection<'static, DB> {
    /// Wraps a connection to `endpoint`.
    #[must_use]
    pub fn new(connection: DB::Connection, endpoint: Endpoint) -> Self {
        Self {
            held: Held::Owned(Box::new(connection)),
            config: Arc::new(Config::new::<DB>(endpoint)),
            stored: None,
        }
    }
}

impl<'c, DB: TracedDatabase> TracedConnection<'c, DB> {
    /// Wraps a borrowed connection to `endpoint`.
    #[must_use]
    pub fn borrowed(connection: &'c mut DB::Connection, endpoint: Endpoint) -> Self {
        Self { held: Held::Borrowed(connection), config: Arc::new(Config::new::<DB>(endpoint)), stored: None }
    }

    common_settings!();

    fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        Config::change(&mut self.config, change);
        self
    }

    /// Returns the bare connection, for calls without spans: `ping`, `LISTEN`, the methods of the driver, and functions
    /// that take `&mut SqliteConnection`.
    #[must_use]
    pub fn inner(&mut self) -> &mut DB::Connection {
        self.parts().0
    }

    pub(crate) fn parts(&mut self) -> (&mut DB::Connection, &Arc<Config>, Option<&StoredContext>) {
        let connection = match &mut self.held {
            Held::Owned(connection) => connection.as_mut(),
            Held::Borrowed(connection) => connection,
            Held::Pooled(connection) => connection,
            Held::Transaction(transaction) => transaction,
        };
        (connection, &self.config, self.stored.as_ref())
    }
}

impl<DB: TracedDatabase> AsMut<DB::Connection> for TracedConnection<'_, DB> {
    fn as_mut(&mut self) -> &mut DB::Connection {
        self.inner()
    }
}

#[cfg(feature = "sqlite")]
impl TracedConnection<'_, sqlx_sqlite::Sqlite> {
    sqlite_settings!();
}
