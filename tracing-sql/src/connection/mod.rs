//! Connections and transactions: executors whose queries have spans.

mod executor;
mod pooled;
mod transaction;

use std::fmt;
use std::sync::Arc;

use sqlx_core::connection::Connection;
use sqlx_core::error::Error;
use sqlx_core::pool::PoolConnection;
use sqlx_core::sql_str::{SqlSafeStr, SqlStr};
use sqlx_core::transaction::Transaction;
use tracing_core_lite::{Context, Tracer, TracerProvider};

pub use pooled::TracedPoolConnection;
pub(crate) use transaction::Begin;
pub use transaction::TracedTransaction;

use crate::conventions::Conventions;
use crate::database::{Endpoint, TracedDatabase};
use crate::semconv::scope;
use crate::site::Site;

/// A connection whose queries have spans: its `&mut` is an executor of sqlx.
///
/// A [`TracedPoolConnection`] and a [`TracedTransaction`] dereference to it, so `&mut *transaction` works as it does with
/// sqlx. A connection that was opened without a pool is wrapped by [`new`](TracedConnection::new) or
/// [`borrowed`](TracedConnection::borrowed):
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
    held: Held<'c, DB>,
    site: Arc<Site>,
    /// The context of the transaction that it is in.
    context: Option<Context>,
}

enum Held<'c, DB: TracedDatabase> {
    Owned(Box<DB::Connection>),
    Borrowed(&'c mut DB::Connection),
    Pooled(PoolConnection<DB>),
    Transaction(Transaction<'c, DB>),
}

impl<DB: TracedDatabase> fmt::Debug for TracedConnection<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedConnection").field("endpoint", &self.site.endpoint).finish_non_exhaustive()
    }
}

impl<DB: TracedDatabase> TracedConnection<'static, DB> {
    /// Wraps a connection, which leads to `endpoint`.
    #[must_use]
    pub fn new(connection: DB::Connection, endpoint: Endpoint) -> Self {
        Self {
            held: Held::Owned(Box::new(connection)),
            site: Arc::new(Site::new::<DB>(endpoint)),
            context: None,
        }
    }
}

impl<'c, DB: TracedDatabase> TracedConnection<'c, DB> {
    /// Wraps a borrowed connection, which leads to `endpoint`.
    #[must_use]
    pub fn borrowed(connection: &'c mut DB::Connection, endpoint: Endpoint) -> Self {
        Self { held: Held::Borrowed(connection), site: Arc::new(Site::new::<DB>(endpoint)), context: None }
    }

    /// Records into `provider`, in place of the one that is installed.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        Site::change(&mut self.site, |site| site.tracer = provider.tracer_with_scope(scope()));
        self
    }

    /// Records into spans of `tracer`.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        Site::change(&mut self.site, |site| site.tracer = tracer);
        self
    }

    /// Sets which names attributes have.
    #[must_use]
    pub fn with_conventions(mut self, conventions: Conventions) -> Self {
        Site::change(&mut self.site, |site| site.conventions = conventions);
        self
    }

    /// The connection itself, for what leaves no span: `ping`, `LISTEN`, the driver's own methods.
    #[must_use]
    pub fn inner(&mut self) -> &mut DB::Connection {
        self.parts().0
    }

    fn parts(&mut self) -> (&mut DB::Connection, &Arc<Site>, Option<&Context>) {
        let connection = match &mut self.held {
            Held::Owned(connection) => connection.as_mut(),
            Held::Borrowed(connection) => connection,
            Held::Pooled(connection) => connection,
            Held::Transaction(transaction) => transaction,
        };
        (connection, &self.site, self.context.as_ref())
    }

    /// Begins a transaction, or a savepoint within one.
    ///
    /// # Errors
    /// As [`Connection::begin`].
    pub async fn begin(&mut self) -> Result<TracedTransaction<'_, DB>, Error> {
        self.begin_as(None).await
    }

    /// Begins a transaction with `statement`.
    ///
    /// # Errors
    /// As [`Connection::begin_with`].
    pub async fn begin_with(
        &mut self,
        statement: impl SqlSafeStr,
    ) -> Result<TracedTransaction<'_, DB>, Error> {
        self.begin_as(Some(statement.into_sql_str())).await
    }

    async fn begin_as(&mut self, statement: Option<SqlStr>) -> Result<TracedTransaction<'_, DB>, Error> {
        let (connection, site, parent) = self.parts();
        let begin = Begin::start(site, parent, connection.is_in_transaction());
        begin.run(connection.into(), statement).await
    }
}
