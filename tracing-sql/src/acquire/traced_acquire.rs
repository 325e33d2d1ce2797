//! `Acquire` for functions whose queries have spans.

use futures_core::future::BoxFuture;
use sqlx_core::error::Error;

use crate::connection::{Held, TracedConnection, TracedPoolConnection};
use crate::database::TracedDatabase;
use crate::pool::TracedPool;
use crate::transaction::TracedTransaction;

/// Takes a connection or begins a transaction like sqlx's `Acquire`, with spans.
///
/// Implemented for `&TracedPool`, `&mut TracedConnection`, `&mut TracedPoolConnection` and `&mut TracedTransaction`. Write
/// `impl TracedAcquire<'c, Database = DB>` in functions that took `impl Acquire<'c, Database = DB>`. This trait is sealed.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sqlx::Error> {
/// use sqlx::Sqlite;
/// use sqlx::sqlite::SqlitePool;
/// use tracing_sql::{TracedAcquire, TracedPool};
///
/// async fn next_number<'c>(source: impl TracedAcquire<'c, Database = Sqlite>) -> Result<i64, sqlx::Error> {
///     let mut connection = source.acquire().await?;
///     sqlx::query_scalar("SELECT 7").fetch_one(&mut connection).await
/// }
///
/// let pool = TracedPool::new(SqlitePool::connect("sqlite::memory:").await?);
/// assert_eq!(next_number(&pool).await?, 7);
/// let mut transaction = pool.begin().await?;
/// assert_eq!(next_number(&mut transaction).await?, 7);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub trait TracedAcquire<'c>: sealed::Sealed + Sized + Send {
    /// The database of the connection.
    type Database: TracedDatabase;

    /// Returns a connection.
    ///
    /// # Errors
    /// Returns the same errors as sqlx's `Acquire::acquire`.
    fn acquire(self) -> BoxFuture<'c, Result<TracedConnection<'c, Self::Database>, Error>>;

    /// Begins a transaction, or a savepoint within one.
    ///
    /// # Errors
    /// Returns the same errors as sqlx's `Acquire::begin`.
    fn begin(self) -> BoxFuture<'c, Result<TracedTransaction<'c, Self::Database>, Error>>;
}

mod sealed {
    /// Implemented only for the types of this crate.
    pub trait Sealed {}
}

impl<DB: TracedDatabase> sealed::Sealed for &TracedPool<DB> {}

impl<'c, DB: TracedDatabase> TracedAcquire<'c> for &'_ TracedPool<DB> {
    type Database = DB;

    fn acquire(self) -> BoxFuture<'c, Result<TracedConnection<'c, DB>, Error>> {
        let pool = self.clone();
        Box::pin(async move { TracedPool::acquire(&pool).await.map(TracedPoolConnection::into_connection) })
    }

    fn begin(self) -> BoxFuture<'c, Result<TracedTransaction<'c, DB>, Error>> {
        let pool = self.clone();
        Box::pin(async move { TracedPool::begin(&pool).await })
    }
}

impl<DB: TracedDatabase> sealed::Sealed for &mut TracedConnection<'_, DB> {}

impl<'c, DB: TracedDatabase> TracedAcquire<'c> for &'c mut TracedConnection<'_, DB> {
    type Database = DB;

    fn acquire(self) -> BoxFuture<'c, Result<TracedConnection<'c, DB>, Error>> {
        let (config, stored) = (self.config.clone(), self.stored.clone());
        let held = Held::Borrowed(self.inner());
        Box::pin(async move { Ok(TracedConnection { held, config, stored }) })
    }

    fn begin(self) -> BoxFuture<'c, Result<TracedTransaction<'c, DB>, Error>> {
        Box::pin(TracedConnection::begin(self))
    }
}

/// Implements `TracedAcquire` for a type that dereferences to a `TracedConnection`.
macro_rules! acquire_by_deref {
    ($wrapper:ty) => {
        impl<DB: TracedDatabase> sealed::Sealed for &mut $wrapper {}

        impl<'c, DB: TracedDatabase> TracedAcquire<'c> for &'c mut $wrapper {
            type Database = DB;

            fn acquire(self) -> BoxFuture<'c, Result<TracedConnection<'c, DB>, Error>> {
                TracedAcquire::acquire(&mut **self)
            }

            fn begin(self) -> BoxFuture<'c, Result<TracedTransaction<'c, DB>, Error>> {
                TracedAcquire::begin(&mut **self)
            }
        }
    };
}

acquire_by_deref!(TracedPoolConnection<DB>);
acquire_by_deref!(TracedTransaction<'_, DB>);
