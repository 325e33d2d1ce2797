//! The span of one query, or of one statement that steers a transaction.

use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::time::Instant;

use sqlx_core::Either;
use sqlx_core::error::Error;
use sqlx_core::sql_str::SqlStr;
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, Recorder, Span, SpanKind};

use super::cache;
use super::error_class::record_error;
use super::parameters;
use super::taken::TakenQuery;
use crate::database::TracedDatabase;
use crate::sanitize::SanitizedQuery;
use crate::semconv::{
    AFFECTED_ROWS, CANCELLED, CONNECTION_ACQUIRED, EXECUTION_TIME, OPERATION_NAME, QUERY_EXECUTED,
    QUERY_SUMMARY, QUERY_TEXT, RETURNED_ROWS, WAIT_TIME,
};
use crate::site::Site;

/// A query on its way. It ends once: when it says so, or as cancelled when it is dropped before.
#[derive(Debug)]
pub(crate) struct Operation<'a> {
    site: &'a Site,
    /// None once the operation has ended.
    span: Option<Span>,
    /// Whether it changes something.
    writes: bool,
    /// When it got its connection; only if there are events.
    acquired: Option<Timestamp>,
    #[cfg(feature = "metrics")]
    measured: Option<Measured>,
    returned: u64,
    affected: Option<u64>,
}

/// What metrics need to know at the end.
#[cfg(feature = "metrics")]
#[derive(Debug)]
struct Measured {
    since: Instant,
    query: Arc<SanitizedQuery>,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy)]
enum Outcome<'a> {
    Complete,
    Failed(&'a Error),
    Cancelled,
}

impl<'a> Operation<'a> {
    /// Starts the span of `sql` as a child of the span in `parent`, or of the current one.
    pub(crate) fn start(site: &'a Site, sql: &SqlStr, parent: Option<&Context>) -> Self {
        let known = cache::known(sql, site.dialect);
        Self::start_with(site, &known.query, parent, |span| {
            known.record(span, site);
            parameters::record(span);
        })
    }

    /// Starts the span of the preparation of `sql`.
    pub(crate) fn start_preparation(site: &'a Site, sql: &SqlStr, parent: Option<&Context>) -> Self {
        let known = cache::known(sql, site.dialect);
        let query = Arc::new(SanitizedQuery {
            summary: format!("PREPARE {}", known.query.summary).trim_end().to_owned(),
            text: known.query.text.clone(),
            writes: true,
            ..SanitizedQuery::default()
        });
        Self::start_with(site, &query, parent, |span| {
            site.conventions.set(span, QUERY_SUMMARY, &query.summary);
            site.conventions.set(span, OPERATION_NAME, "PREPARE");
            if site.records_text {
                site.conventions.set(span, QUERY_TEXT, &query.text);
            }
        })
    }

    /// Starts the span of a statement that the driver makes up itself.
    pub(crate) fn start_named(site: &'a Site, name: &'static str, parent: Option<&Context>) -> Self {
        let query = SanitizedQuery { summary: name.to_owned(), writes: true, ..SanitizedQuery::default() };
        Self::start_with(site, &Arc::new(query), parent, |span| {
            site.conventions.set(span, QUERY_SUMMARY, name);
            site.conventions.set(span, OPERATION_NAME, name);
        })
    }

    #[inline]
    fn start_with(
        site: &'a Site,
        query: &Arc<SanitizedQuery>,
        parent: Option<&Context>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Self {
        let name = if query.summary.is_empty() { &site.span_name } else { &query.summary };
        let builder = site.tracer.span(name).with_kind(SpanKind::Client);
        let builder = match parent {
            Some(parent) => builder.with_parent(parent),
            None => builder,
        };
        let span = builder.start_with(|span| {
            site.record(span);
            write(span);
        });
        Self {
            site,
            span: Some(span),
            writes: query.writes,
            #[cfg(feature = "metrics")]
            measured: site.stopwatch().map(|since| Measured { since, query: Arc::clone(query) }),
            acquired: None,
            returned: 0,
            affected: None,
        }
    }

    /// Says that there is a connection now. Its event is written with the last attributes, so that the span is not locked for it.
    pub(crate) fn connection_acquired(&mut self) {
        #[cfg(feature = "metrics")]
        self.site.waited(self.measured.as_ref().map(|measured| measured.since));
        if self.site.has_events && self.span.as_ref().is_some_and(Span::is_recording) {
            self.acquired = Some(Timestamp::now());
        }
    }

    /// Adds `traceparent` to the text, where that is asked for and can be done.
    pub(crate) fn comment<DB: TracedDatabase>(&self, query: &mut TakenQuery<DB>) {
        if self.site.has_comments
            && query.is_text()
            && let Some(span) = &self.span
            && let Some(text) = super::commented(query.sql_str().as_str(), span.span_context())
        {
            query.replace_text(text);
        }
    }

    /// Counts what came from the database.
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
    pub(crate) fn complete(&mut self) {
        self.end(Outcome::Complete);
    }

    /// Ends the span with `error`.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.end(Outcome::Failed(error));
    }

    /// Ends the span with what `result` says, and hands it on.
    pub(crate) fn finish<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Ok(_) => self.complete(),
            Err(error) => self.fail(error),
        }
        result
    }

    fn end(&mut self, outcome: Outcome<'_>) {
        let Some(span) = self.span.take() else { return };
        #[cfg(feature = "metrics")]
        if let (Some(metrics), Some(measured)) = (&self.site.metrics, &self.measured) {
            let error = match outcome {
                Outcome::Complete => None,
                Outcome::Failed(error) => Some(super::error_class::error_class(error)),
                Outcome::Cancelled => Some(CANCELLED.into()),
            };
            metrics.record(self.site, &measured.query.summary, error.as_deref(), measured.since.elapsed());
        }
        if span.is_recording() {
            let end = Timestamp::now();
            span.end_with_at(end, |span| self.record_end(span, outcome, end));
        }
    }

    fn record_end(&self, span: &mut Recorder<'_>, outcome: Outcome<'_>, end: Timestamp) {
        let conventions = self.site.conventions;
        if !self.writes || self.returned > 0 {
            conventions.set(span, RETURNED_ROWS, self.returned);
        }
        // PostgreSQL counts the rows of a SELECT as affected.
        if self.writes {
            conventions.set_some(span, AFFECTED_ROWS, self.affected);
        }
        let mut since = span.start_time();
        if let Some(acquired) = self.acquired {
            span.add_event_at(
                CONNECTION_ACQUIRED,
                acquired,
                &[(WAIT_TIME, acquired.seconds_since(since).into())],
            );
            since = acquired;
        }
        match outcome {
            Outcome::Complete => {}
            Outcome::Failed(error) => record_error(span, conventions, error),
            Outcome::Cancelled => {
                span.add_event_at(CANCELLED, end, &[]);
                // Whoever stops reading often has no use for more; who gave up before the first row did not get any.
                if self.returned == 0 && self.affected.is_none() {
                    span.failed(CANCELLED, "");
                }
                return;
            }
        }
        if self.site.has_events {
            span.add_event_at(QUERY_EXECUTED, end, &[(EXECUTION_TIME, end.seconds_since(since).into())]);
        }
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}
