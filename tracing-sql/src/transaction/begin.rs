//! The start of a transaction.

use std::sync::Arc;

use sqlx_core::connection::Connection;
use sqlx_core::error::Error;
use sqlx_core::pool::MaybePoolConnection;
use sqlx_core::sql_str::{SqlSafeStr, SqlStr};
use sqlx_core::transaction::Transaction;
use tracing_core_lite::Context;
use tracing_core_lite::context::StoredContext;

use super::traced_transaction::TracedTransaction;
use super::transaction_span::{DROPPED, TransactionSpan};
use crate::config::Config;
use crate::connection::{Held, TracedConnection};
use crate::database::TracedDatabase;
use crate::record::QuerySpan;

/// A transaction that is about to begin.
pub(crate) struct Begin {
    span: TransactionSpan,
    stored: StoredContext,
}

impl Begin {
    /// Starts the span, within the transaction `stored` if there is one.
    pub(crate) fn start(config: &Arc<Config>, stored: Option<&StoredContext>, is_savepoint: bool) -> Self {
        let current = Context::current();
        let parent = stored.map_or_else(|| current.clone(), StoredContext::innermost);
        let span = TransactionSpan::start(config, &parent, is_savepoint);
        let stored = StoredContext::new(span.in_context(&parent), &current);
        Self { span, stored }
    }

    /// Records that there is a connection now.
    pub(crate) fn connection_acquired(&self) {
        self.span.connection_acquired();
    }

    pub(crate) fn fail(mut self, error: Error) -> Error {
        self.span.fail(&error);
        error
    }

    /// Begins the transaction on `connection`.
    pub(crate) async fn run<DB: TracedDatabase>(
        self,
        connection: MaybePoolConnection<'_, DB>,
        statement: Option<SqlStr>,
    ) -> Result<TracedTransaction<'_, DB>, Error> {
        let Self { mut span, stored } = self;
        let name = if span.is_savepoint() { "SAVEPOINT" } else { "BEGIN" };
        let config = Arc::clone(span.config());
        let query = QuerySpan::start_named(&config, name, Some(stored.context()));
        match query.finish(Transaction::begin(connection, statement).await) {
            Ok(transaction) => {
                span.set_outcome(DROPPED);
                let held = Held::Transaction(transaction);
                let connection = TracedConnection { held, config, stored: Some(stored) };
                Ok(TracedTransaction { connection, span })
            }
            Err(error) => {
                span.fail(&error);
                Err(error)
            }
        }
    }
}

impl<DB: TracedDatabase> TracedConnection<'_, DB> {
    /// Begins a transaction, or a savepoint within one.
    ///
    /// # Errors
    /// Returns the same errors as [`Connection::begin`].
    pub async fn begin(&mut self) -> Result<TracedTransaction<'_, DB>, Error> {
        self.begin_as(None).await
    }

    /// Begins a transaction with `statement`.
    ///
    /// # Errors
    /// Returns the same errors as [`Connection::begin_with`].
    pub async fn begin_with(
        &mut self,
        statement: impl SqlSafeStr,
    ) -> Result<TracedTransaction<'_, DB>, Error> {
        self.begin_as(Some(statement.into_sql_str())).await
    }

    async fn begin_as(&mut self, statement: Option<SqlStr>) -> Result<TracedTransaction<'_, DB>, Error> {
        let (connection, config, stored) = self.parts();
        let begin = Begin::start(config, stored, connection.is_in_transaction());
        begin.run(connection.into(), statement).await
    }
}
