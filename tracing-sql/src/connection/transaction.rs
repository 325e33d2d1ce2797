//! Transactions: a span with the queries as children, and how it ended.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx_core::error::Error;
use sqlx_core::pool::MaybePoolConnection;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::Transaction;
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, Span};

use super::{Held, TracedConnection};
use crate::database::TracedDatabase;
use crate::query::{Operation, record_error};
use crate::semconv::{CONNECTION_ACQUIRED, OUTCOME, WAIT_TIME};
use crate::site::Site;

/// A transaction or a savepoint, with a span of its own; its queries are that span's children.
///
/// `&mut transaction` and `&mut *transaction` are executors of sqlx. The span is called `transaction`, or `savepoint`, and says
/// in `db.transaction.outcome` how it ended:
///
/// | value | when |
/// |---|---|
/// | `committed` | after [`commit`](TracedTransaction::commit) |
/// | `rolled_back` | after [`rollback`](TracedTransaction::rollback) |
/// | `dropped` | dropped before either: sqlx rolls back, with the next use of the connection |
/// | `failed` | `BEGIN`, `COMMIT` or `ROLLBACK` failed: an error |
/// | `unknown` | `BEGIN`, `COMMIT` or `ROLLBACK` was given up while it was on its way |
pub struct TracedTransaction<'c, DB: TracedDatabase> {
    connection: TracedConnection<'c, DB>,
    span: TransactionSpan,
}

#[derive(Debug)]
struct TransactionSpan {
    site: Arc<Site>,
    span: Span,
    is_savepoint: bool,
    outcome: &'static str,
}

impl TransactionSpan {
    fn fail(&mut self, error: &Error) {
        self.outcome = "failed";
        self.span.record(|span| record_error(span, self.site.conventions, error));
    }
}

impl Drop for TransactionSpan {
    fn drop(&mut self) {
        let (conventions, outcome) = (self.site.conventions, self.outcome);
        self.span.record(|span| conventions.set(span, OUTCOME, outcome));
    }
}

/// A transaction that is about to begin.
pub(crate) struct Begin {
    span: TransactionSpan,
    context: Context,
}

impl Begin {
    pub(crate) fn start(site: &Arc<Site>, parent: Option<&Context>, is_savepoint: bool) -> Self {
        let current;
        let parent = match parent {
            Some(parent) => parent,
            None => {
                current = Context::current();
                &current
            }
        };
        let name = if is_savepoint { "savepoint" } else { "transaction" };
        let span = site.tracer.span(name).with_parent(parent).start_with(|span| site.record(span));
        let context = span.in_context(parent);
        let span = TransactionSpan { site: Arc::clone(site), span, is_savepoint, outcome: "unknown" };
        Self { span, context }
    }

    /// Says that there is a connection now, which was waited for since the start.
    pub(crate) fn connection_acquired(&self) {
        if self.span.site.has_events {
            self.span.span.record(|span| {
                let now = Timestamp::now();
                let waited = now.seconds_since(span.start_time());
                span.add_event_at(CONNECTION_ACQUIRED, now, &[(WAIT_TIME, waited.into())]);
            });
        }
    }

    pub(crate) fn fail(mut self, error: Error) -> Error {
        self.span.fail(&error);
        error
    }

    pub(crate) async fn run<DB: TracedDatabase>(
        self,
        connection: MaybePoolConnection<'_, DB>,
        statement: Option<SqlStr>,
    ) -> Result<TracedTransaction<'_, DB>, Error> {
        let Self { mut span, context } = self;
        let name = if span.is_savepoint { "SAVEPOINT" } else { "BEGIN" };
        let operation = Operation::start_named(&span.site, name, Some(&context));
        match operation.finish(Transaction::begin(connection, statement).await) {
            Ok(transaction) => {
                span.outcome = "dropped";
                let connection = TracedConnection {
                    held: Held::Transaction(transaction),
                    site: Arc::clone(&span.site),
                    context: Some(context),
                };
                Ok(TracedTransaction { connection, span })
            }
            Err(error) => {
                span.fail(&error);
                Err(error)
            }
        }
    }
}

impl<'c, DB: TracedDatabase> TracedTransaction<'c, DB> {
    /// Commits the transaction, or releases the savepoint.
    ///
    /// # Errors
    /// As [`Transaction::commit`].
    pub async fn commit(self) -> Result<(), Error> {
        let name = if self.span.is_savepoint { "RELEASE SAVEPOINT" } else { "COMMIT" };
        self.end(name, "committed", Transaction::commit).await
    }

    /// Rolls the transaction back, or back to the savepoint.
    ///
    /// # Errors
    /// As [`Transaction::rollback`].
    pub async fn rollback(self) -> Result<(), Error> {
        let name = if self.span.is_savepoint { "ROLLBACK TO SAVEPOINT" } else { "ROLLBACK" };
        self.end(name, "rolled_back", Transaction::rollback).await
    }

    async fn end<F: Future<Output = Result<(), Error>>>(
        self,
        name: &'static str,
        outcome: &'static str,
        end: impl FnOnce(Transaction<'c, DB>) -> F,
    ) -> Result<(), Error> {
        let Self { connection, mut span } = self;
        let Held::Transaction(transaction) = connection.held else { return Ok(()) };
        let operation = Operation::start_named(&span.site, name, connection.context.as_ref());
        span.outcome = "unknown";
        let ended = operation.finish(end(transaction).await);
        match &ended {
            Ok(()) => span.outcome = outcome,
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
