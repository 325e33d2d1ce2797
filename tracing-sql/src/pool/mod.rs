//! A pool whose queries have spans.

mod executor;
mod settings;
mod wait;

use std::fmt;
use std::sync::Arc;

use sqlx_core::error::Error;
use sqlx_core::pool::{MaybePoolConnection, Pool};
use sqlx_core::sql_str::{SqlSafeStr, SqlStr};

use crate::connection::{Begin, TracedPoolConnection, TracedTransaction};
use crate::database::TracedDatabase;
use crate::site::Site;
use wait::Wait;

/// A pool of sqlx whose queries have spans: its `&` is an executor of sqlx. Cheap to clone.
///
/// Spans go to the [installed](tracing_core_lite::TracerProvider::install) provider unless
/// [another is named](TracedPool::with_provider).
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
/// What sqlx does with a pool itself (migrations, `PgListener`, `Acquire`) takes [`inner`](TracedPool::inner), and has no spans.
pub struct TracedPool<DB: TracedDatabase> {
    // One count of references: a query takes a clone, and each count takes 10 ns.
    shared: Arc<Shared<DB>>,
}

struct Shared<DB: TracedDatabase> {
    pool: Pool<DB>,
    site: Arc<Site>,
}

impl<DB: TracedDatabase> Clone for TracedPool<DB> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<DB: TracedDatabase> Clone for Shared<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), site: Arc::clone(&self.site) }
    }
}

impl<DB: TracedDatabase> fmt::Debug for TracedPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedPool").field("endpoint", &self.site().endpoint).finish_non_exhaustive()
    }
}

impl<DB: TracedDatabase> From<Pool<DB>> for TracedPool<DB> {
    fn from(pool: Pool<DB>) -> Self {
        Self::new(pool)
    }
}

impl<DB: TracedDatabase> TracedPool<DB> {
    /// Wraps a pool. Where it leads to is read from its options.
    #[must_use]
    pub fn new(pool: Pool<DB>) -> Self {
        let site = Arc::new(Site::of_options::<DB>(&pool.connect_options()));
        Self { shared: Arc::new(Shared { pool, site }) }
    }

    /// The pool itself, whose queries have no spans.
    #[must_use]
    pub fn inner(&self) -> &Pool<DB> {
        &self.shared.pool
    }

    fn site(&self) -> &Arc<Site> {
        &self.shared.site
    }

    /// Takes a connection from the pool.
    ///
    /// A wait of a millisecond or more, and one that fails or is given up, has a span called `acquire connection`. The
    /// threshold can be [changed](TracedPool::with_wait_threshold).
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub async fn acquire(&self) -> Result<TracedPoolConnection<DB>, Error> {
        let wait = Wait::start(self.site());
        match self.inner().acquire().await {
            Ok(connection) => {
                wait.complete();
                Ok(TracedPoolConnection::new(connection, Arc::clone(self.site())))
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
        Some(TracedPoolConnection::new(connection, Arc::clone(self.site())))
    }

    /// Takes a connection from the pool and begins a transaction.
    ///
    /// # Errors
    /// As [`Pool::begin`].
    pub async fn begin(&self) -> Result<TracedTransaction<'static, DB>, Error> {
        self.begin_as(None).await
    }

    /// Takes a connection from the pool and begins a transaction with `statement`.
    ///
    /// # Errors
    /// As [`Pool::begin_with`].
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<TracedTransaction<'static, DB>, Error> {
        self.begin_as(Some(statement.into_sql_str())).await
    }

    async fn begin_as(&self, statement: Option<SqlStr>) -> Result<TracedTransaction<'static, DB>, Error> {
        #[cfg(feature = "metrics")]
        let stopwatch = self.site().stopwatch();
        let begin = Begin::start(self.site(), None, false);
        match self.inner().acquire().await {
            Ok(connection) => {
                #[cfg(feature = "metrics")]
                self.site().waited(stopwatch);
                begin.connection_acquired();
                begin.run(MaybePoolConnection::PoolConnection(connection), statement).await
            }
            Err(error) => Err(begin.fail(error)),
        }
    }

    /// Closes the pool, as [`Pool::close`] does.
    pub async fn close(&self) {
        self.inner().close().await;
    }
}
