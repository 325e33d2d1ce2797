//! A pool whose queries have spans.

use std::fmt;
use std::sync::Arc;

use sqlx_core::error::Error;
use sqlx_core::pool::{MaybePoolConnection, Pool};
use sqlx_core::sql_str::{SqlSafeStr, SqlStr};

use super::wait::Wait;
use crate::config::Config;
use crate::connection::TracedPoolConnection;
use crate::database::TracedDatabase;
use crate::transaction::{Begin, TracedTransaction};

/// A pool of sqlx whose queries have spans. `&pool` is an executor of sqlx. Cloning it is cheap.
///
/// Spans go to the [installed](tracing_core_lite::TracerProvider::install) provider unless
/// [`with_provider`](TracedPool::with_provider) sets another.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # async fn example() -> Result<(), sqlx::Error> {
/// use sqlx::sqlite::SqlitePool;
/// use tracing_sql::TracedPool;
///
/// let pool = TracedPool::new(SqlitePool::connect("sqlite::memory:").await?);
/// let one: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&pool).await?;
///
/// let mut transaction = pool.begin().await?;
/// sqlx::query("CREATE TABLE orders (id INTEGER)").execute(&mut *transaction).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// Pass [`inner`](TracedPool::inner) to functions that take a pool of sqlx, such as `PgListener::connect_with`. Their
/// queries have no spans.
pub struct TracedPool<DB: TracedDatabase> {
    // A single reference count, because each query clones it.
    pub(super) shared: Arc<Shared<DB>>,
}

pub(super) struct Shared<DB: TracedDatabase> {
    pool: Pool<DB>,
    pub(super) config: Arc<Config>,
}

impl<DB: TracedDatabase> Clone for TracedPool<DB> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<DB: TracedDatabase> Clone for Shared<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), config: Arc::clone(&self.config) }
    }
}

impl<DB: TracedDatabase> fmt::Debug for TracedPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedPool")
            .field("endpoint", self.config().client.endpoint())
            .finish_non_exhaustive()
    }
}

impl<DB: TracedDatabase> From<Pool<DB>> for TracedPool<DB> {
    fn from(pool: Pool<DB>) -> Self {
        Self::new(pool)
    }
}

impl<DB: TracedDatabase> TracedPool<DB> {
    /// Wraps a pool. The address of the database is read from the options of the pool.
    #[must_use]
    pub fn new(pool: Pool<DB>) -> Self {
        let config = Arc::new(Config::of_options::<DB>(&pool.connect_options()));
        Self { shared: Arc::new(Shared { pool, config }) }
    }

    /// Returns the bare pool, whose queries have no spans.
    #[must_use]
    pub fn inner(&self) -> &Pool<DB> {
        &self.shared.pool
    }

    pub(super) fn config(&self) -> &Arc<Config> {
        &self.shared.config
    }

    /// Takes a connection from the pool.
    ///
    /// A wait of a millisecond or more has a span named `acquire connection`, and so has a wait that fails or is cancelled.
    /// [`with_wait_threshold`](TracedPool::with_wait_threshold) changes the threshold.
    ///
    /// # Errors
    /// Returns the same errors as [`Pool::acquire`].
    pub async fn acquire(&self) -> Result<TracedPoolConnection<DB>, Error> {
        let wait = Wait::start(self.config());
        match self.inner().acquire().await {
            Ok(connection) => {
                wait.succeed();
                Ok(TracedPoolConnection::new(connection, Arc::clone(self.config())))
            }
            Err(error) => {
                wait.fail(&error);
                Err(error)
            }
        }
    }

    /// Takes a connection from the pool if one is idle.
    #[must_use]
    pub fn try_acquire(&self) -> Option<TracedPoolConnection<DB>> {
        let connection = self.inner().try_acquire()?;
        Some(TracedPoolConnection::new(connection, Arc::clone(self.config())))
    }

    /// Takes a connection from the pool and begins a transaction.
    ///
    /// # Errors
    /// Returns the same errors as [`Pool::begin`].
    pub async fn begin(&self) -> Result<TracedTransaction<'static, DB>, Error> {
        self.begin_as(None).await
    }

    /// Takes a connection from the pool and begins a transaction with `statement`.
    ///
    /// # Errors
    /// Returns the same errors as [`Pool::begin_with`].
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<TracedTransaction<'static, DB>, Error> {
        self.begin_as(Some(statement.into_sql_str())).await
    }

    async fn begin_as(&self, statement: Option<SqlStr>) -> Result<TracedTransaction<'static, DB>, Error> {
        #[cfg(feature = "metrics")]
        let stopwatch = self.config().stopwatch();
        let begin = Begin::start(self.config(), None, false);
        match self.inner().acquire().await {
            Ok(connection) => {
                #[cfg(feature = "metrics")]
                self.config().waited(stopwatch);
                begin.connection_acquired();
                begin.run(MaybePoolConnection::PoolConnection(connection), statement).await
            }
            Err(error) => Err(begin.fail(error)),
        }
    }

    /// Closes the pool, like [`Pool::close`].
    pub async fn close(&self) {
        self.inner().close().await;
    }
}

impl<DB: TracedDatabase> AsRef<Pool<DB>> for TracedPool<DB> {
    fn as_ref(&self) -> &Pool<DB> {
        self.inner()
    }
}
