//! A transaction with its own span.

use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx_core::error::Error;
use sqlx_core::transaction::Transaction;
use tracing_core_lite::context::StoredContext;

use super::transaction_span::{COMMITTED, ROLLED_BACK, TransactionSpan, UNKNOWN};
use crate::connection::{Held, TracedConnection};
use crate::database::TracedDatabase;
use crate::record::QuerySpan;

/// A transaction or a savepoint with its own span. The spans of its queries are children of that span, or of a span
/// that the caller has started within the transaction.
///
/// `&mut transaction` and `&mut *transaction` are executors of sqlx. The name of the span is `transaction` or
/// `savepoint` and the database, such as `transaction shop`. The attribute `tracing_suite.db.transaction.outcome`
/// records how it ended:
///
/// | value | when |
/// |---|---|
/// | `committed` | after [`commit`](TracedTransaction::commit) |
/// | `rolled_back` | after [`rollback`](TracedTransaction::rollback) |
/// | `dropped` | dropped before either. sqlx rolls back with the next use of the connection |
/// | `failed` | `BEGIN`, `COMMIT` or `ROLLBACK` failed, which is an error |
/// | `unknown` | `BEGIN`, `COMMIT` or `ROLLBACK` was cancelled before the database answered |
pub struct TracedTransaction<'c, DB: TracedDatabase> {
    pub(super) connection: TracedConnection<'c, DB>,
    pub(super) span: TransactionSpan,
}

impl<'c, DB: TracedDatabase> TracedTransaction<'c, DB> {
    /// Commits the transaction, or releases the savepoint.
    ///
    /// # Errors
    /// Returns the errors of [`Transaction::commit`].
    pub async fn commit(self) -> Result<(), Error> {
        let name = if self.span.is_savepoint() { "RELEASE SAVEPOINT" } else { "COMMIT" };
        self.end(name, COMMITTED, Transaction::commit).await
    }

    /// Rolls back the transaction, or to the savepoint.
    ///
    /// # Errors
    /// Returns the errors of [`Transaction::rollback`].
    pub async fn rollback(self) -> Result<(), Error> {
        let name = if self.span.is_savepoint() { "ROLLBACK TO SAVEPOINT" } else { "ROLLBACK" };
        self.end(name, ROLLED_BACK, Transaction::rollback).await
    }

    async fn end<F: Future<Output = Result<(), Error>>>(
        self,
        name: &'static str,
        outcome: &'static str,
        end: impl FnOnce(Transaction<'c, DB>) -> F,
    ) -> Result<(), Error> {
        let Self { connection, mut span } = self;
        let Held::Transaction(transaction) = connection.held else { return Ok(()) };
        let parent = connection.stored.as_ref().map(StoredContext::innermost);
        let query = QuerySpan::start_named(&connection.config, name, parent.as_ref());
        span.set_outcome(UNKNOWN);
        let ended = query.finish(end(transaction).await);
        match &ended {
            Ok(()) => span.set_outcome(outcome),
            Err(error) => span.fail(error),
        }
        ended
    }
}

impl<DB: TracedDatabase> fmt::Debug for TracedTransaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedTransaction").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl<'c, DB: TracedDatabase> Deref for TracedTransaction<'c, DB> {
    type Target = TracedConnection<'c, DB>;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: TracedDatabase> DerefMut for TracedTransaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}
