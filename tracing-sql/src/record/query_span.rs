//! The span of one query, or of one statement that controls a transaction.

use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::time::Instant;

use sqlx_core::Either;
use sqlx_core::error::Error;
use sqlx_core::sql_str::SqlStr;
use tracing_core_lite::database::attribute::{
    AFFECTED_ROWS, EXECUTION_TIME, OPERATION_NAME, QUERY_SUMMARY, QUERY_TEXT, RETURNED_ROWS, WAIT_TIME,
};
use tracing_core_lite::database::{Command, DatabaseSpan, Ending};
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, Recorder};

use super::names::{CONNECTION_ACQUIRED, QUERY_EXECUTED};
use super::{cache, parameters, sqlcommenter, with_failure};
use crate::config::Config;
use crate::database::TracedDatabase;
use crate::query::TakenQuery;
use crate::sanitize::SanitizedQuery;

/// A running query. If it is dropped before it has ended, it is recorded as cancelled.
#[derive(Debug)]
pub(crate) struct QuerySpan<'a> {
    config: &'a Config,
    span: DatabaseSpan,
    /// Whether the query may change data.
    writes: bool,
    /// The time at which there was a connection, if the span has events.
    acquired: Option<Timestamp>,
    /// The start of the wait for a connection, if waits are measured.
    #[cfg(feature = "metrics")]
    since: Option<Instant>,
    returned: u64,
    affected: Option<u64>,
}

impl<'a> QuerySpan<'a> {
    /// Starts the span of `sql` as a child of the span in `parent`, or of the current one.
    pub(crate) fn start(config: &'a Config, sql: &SqlStr, parent: Option<&Context>) -> Self {
        let known = cache::known(sql, config.dialect);
        Self::start_with(config, &known.query, parent, |span| {
            known.record(span, config);
            parameters::record(span);
        })
    }

    /// Starts the span of the preparation of `sql`.
    pub(crate) fn start_preparation(config: &'a Config, sql: &SqlStr, parent: Option<&Context>) -> Self {
        let known = cache::known(sql, config.dialect);
        let query = Arc::new(SanitizedQuery {
            summary: format!("PREPARE {}", known.query.summary).trim_end().to_owned(),
            text: known.query.text.clone(),
            writes: true,
            ..SanitizedQuery::default()
        });
        let conventions = config.client.conventions();
        Self::start_with(config, &query, parent, |span| {
            conventions.set(span, QUERY_SUMMARY, &query.summary);
            conventions.set(span, OPERATION_NAME, "PREPARE");
            if config.records_text {
                conventions.set(span, QUERY_TEXT, &query.text);
            }
        })
    }

    /// Starts the span of a statement that the driver generates, such as `COMMIT`.
    pub(crate) fn start_named(config: &'a Config, name: &'static str, parent: Option<&Context>) -> Self {
        let query = SanitizedQuery { summary: name.to_owned(), writes: true, ..SanitizedQuery::default() };
        let conventions = config.client.conventions();
        Self::start_with(config, &query, parent, |span| {
            conventions.set(span, QUERY_SUMMARY, name);
            conventions.set(span, OPERATION_NAME, name);
        })
    }

    #[inline]
    fn start_with(
        config: &'a Config,
        query: &SanitizedQuery,
        parent: Option<&Context>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Self {
        let (name, command) = match query.summary.as_str() {
            "" => (config.client.default_name(), Command::new()),
            summary => (summary, Command::summarized(summary)),
        };
        let command = match parent {
            Some(parent) => command.with_parent(parent),
            None => command,
        };
        Self {
            config,
            span: config.client.start_named(&command, name.into(), write),
            writes: query.writes,
            #[cfg(feature = "metrics")]
            since: config.stopwatch(),
            acquired: None,
            returned: 0,
            affected: None,
        }
    }

    /// Records that there is a connection now. The event is written with the last attributes, which saves one lock of
    /// the span.
    pub(crate) fn connection_acquired(&mut self) {
        #[cfg(feature = "metrics")]
        self.config.waited(self.since);
        if self.config.has_events && self.span.is_recording() {
            self.acquired = Some(Timestamp::now());
        }
    }

    /// Adds `traceparent` to the text of the query, if this is enabled and possible.
    pub(crate) fn comment<DB: TracedDatabase>(&self, query: &mut TakenQuery<DB>) {
        if self.config.has_comments
            && query.is_text()
            && let Some(text) = sqlcommenter::commented(query.sql_str().as_str(), self.span.span_context())
        {
            query.replace_text(text);
        }
    }

    /// Counts a result of the database.
    #[inline]
    pub(crate) fn saw<DB: TracedDatabase>(&mut self, step: &Either<DB::QueryResult, DB::Row>) {
        match step {
            Either::Left(result) => {
                *self.affected.get_or_insert(0) += DB::rows_affected(result);
            }
            Either::Right(_) => self.returned += 1,
        }
    }

    pub(crate) fn saw_rows(&mut self, rows: u64) {
        self.returned += rows;
    }

    /// Ends the span.
    pub(crate) fn succeed(&mut self) {
        self.end(Ending::Succeeded);
    }

    /// Ends the span with `error`.
    pub(crate) fn fail(&mut self, error: &Error) {
        with_failure(error, |failure| self.end(Ending::Failed(failure)));
    }

    /// Ends the span with `result`, and returns it.
    pub(crate) fn finish<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Ok(_) => self.succeed(),
            Err(error) => self.fail(error),
        }
        result
    }

    #[inline]
    fn end(&mut self, ending: Ending<'_>) {
        let Self { config, span, writes, acquired, returned, affected, .. } = self;
        span.end(ending, |span, now| {
            let conventions = config.client.conventions();
            if config.counts_rows && (!*writes || *returned > 0) {
                conventions.set(span, RETURNED_ROWS, *returned);
            }
            // PostgreSQL counts the rows of a SELECT as affected.
            if *writes {
                conventions.set_some(span, AFFECTED_ROWS, *affected);
            }
            let mut since = span.start_time();
            if let Some(acquired) = *acquired {
                let waited = acquired.seconds_since(since);
                span.add_event_at(CONNECTION_ACQUIRED, acquired, &[(WAIT_TIME.stable, waited.into())]);
                since = acquired;
            }
            if config.has_events && matches!(ending, Ending::Succeeded | Ending::Failed(_)) {
                let executed = now.seconds_since(since);
                span.add_event_at(QUERY_EXECUTED, now, &[(EXECUTION_TIME.stable, executed.into())]);
            }
        });
    }
}

impl Drop for QuerySpan<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.span.span().is_some() {
            // A caller that stops reading may have read enough. If it stops before the first row, it received nothing.
            self.end(Ending::of_drop(self.returned > 0 || self.affected.is_some()));
        }
    }
}
