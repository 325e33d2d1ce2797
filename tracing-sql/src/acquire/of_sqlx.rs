//! sqlx's own `Acquire`, for functions that require it.
//!
//! The trait returns connections of sqlx, so the queries on them have no spans. A wait for a connection is recorded.

use futures_core::future::BoxFuture;
use sqlx_core::acquire::Acquire;
use sqlx_core::error::Error;
use sqlx_core::pool::{MaybePoolConnection, PoolConnection};
use sqlx_core::transaction::Transaction;

use crate::connection::{TracedConnection, TracedPoolConnection};
use crate::database::TracedDatabase;
use crate::pool::TracedPool;

/// For functions that require sqlx's trait, such as `Migrator::run`. Their queries have no spans. Prefer
/// [`TracedAcquire`](crate::TracedAcquire).
impl<'c, DB: TracedDatabase> Acquire<'c> for &'_ TracedPool<DB> {
    type Database = DB;
    type Connection = PoolConnection<DB>;

    fn acquire(self) -> BoxFuture<'c, Result<PoolConnection<DB>, Error>> {
        let pool = self.clone();
        Box::pin(async move { TracedPool::acquire(&pool).await.and_then(pooled) })
    }

    fn begin(self) -> BoxFuture<'c, Result<Transaction<'c, DB>, Error>> {
        let pool = self.clone();
        Box::pin(async move {
            let connection = TracedPool::acquire(&pool).await.and_then(pooled)?;
            Transaction::begin(MaybePoolConnection::PoolConnection(connection), None).await
        })
    }
}

fn pooled<DB: TracedDatabase>(connection: TracedPoolConnection<DB>) -> Result<PoolConnection<DB>, Error> {
    connection.into_inner().ok_or(Error::PoolClosed)
}

/// For functions that require sqlx's trait. Their queries have no spans. Prefer
/// [`TracedAcquire`](crate::TracedAcquire).
impl<'c, DB: TracedDatabase> Acquire<'c> for &'c mut TracedConnection<'_, DB> {
    type Database = DB;
    type Connection = &'c mut DB::Connection;

    fn acquire(self) -> BoxFuture<'c, Result<&'c mut DB::Connection, Error>> {
        Box::pin(async move { Ok(self.inner()) })
    }

    fn begin(self) -> BoxFuture<'c, Result<Transaction<'c, DB>, Error>> {
        let connection = MaybePoolConnection::Connection(self.inner());
        Box::pin(Transaction::begin(connection, None))
    }
}
