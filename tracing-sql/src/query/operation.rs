//! The span of one query, or of one statement that steers a transaction.

use std::sync::Arc;
use std::time::Instant;

use sqlx_core::Either;
use sqlx_core::error::Error;
use sqlx_core::sql_str::SqlStr;
use tracing_core_lite::{Context, Recorder, Span, SpanKind, Value};

use super::cache;
use super::error_class::record_error;
use super::parameters;
use super::taken::TakenQuery;
use crate::database::TracedDatabase;
use crate::sanitize::SanitizedQuery;
use crate::semconv::{
    AFFECTED_ROWS, BATCH_SIZE, CANCELLED, CONNECTION_ACQUIRED, EXECUTION_TIME, OPERATION_NAME,
    QUERY_EXECUTED, QUERY_SUMMARY, QUERY_TEXT, RETURNED_ROWS, WAIT_TIME,
};
use crate::site::Site;

/// A query on its way. It ends once: when it says so, or as cancelled when it is dropped before.
#[derive(Debug)]
pub(crate) struct Operation {
    site: Arc<Site>,
    /// None once the operation has ended.
    span: Option<Span>,
    query: Arc<SanitizedQuery>,
    /// When the query started, then when it got its connection; only if somebody wants to know.
    since: Option<Instant>,
    #[cfg(feature = "metrics")]
    started: Option<Instant>,
    returned: u64,
    affected: Option<u64>,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy)]
enum Outcome<'a> {
    Complete,
    Failed(&'a Error),
    Cancelled,
}

impl Operation {
    /// Starts the span of `sql` as a child of the span in `parent`, or of the current one.
    pub(crate) fn start(site: &Arc<Site>, sql: &SqlStr, parent: Option<&Context>) -> Self {
        let query = cache::sanitized(sql, site.dialect);
        Self::start_with(site, query, parent, |span, query| {
            if site.records_text {
                site.conventions.set(span, QUERY_TEXT, &query.text);
            }
            if query.statements > 1 {
                site.conventions.set(span, BATCH_SIZE, query.statements);
            }
            parameters::record(span);
        })
    }

    /// Starts the span of the preparation of `sql`.
    pub(crate) fn start_preparation(site: &Arc<Site>, sql: &SqlStr, parent: Option<&Context>) -> Self {
        let query = cache::sanitized(sql, site.dialect);
        let summary = format!("PREPARE {}", query.summary);
        let preparation = SanitizedQuery {
            summary: summary.trim_end().to_owned(),
            text: query.text.clone(),
            writes: true,
            ..SanitizedQuery::default()
        };
        Self::start_with(site, Arc::new(preparation), parent, |span, query| {
            site.conventions.set(span, OPERATION_NAME, "PREPARE");
            if site.records_text {
                site.conventions.set(span, QUERY_TEXT, &query.text);
            }
        })
    }

    /// Starts the span of a statement that the driver makes up itself.
    pub(crate) fn start_named(site: &Arc<Site>, name: &'static str, parent: Option<&Context>) -> Self {
        let query = SanitizedQuery { summary: name.to_owned(), writes: true, ..SanitizedQuery::default() };
        Self::start_with(site, Arc::new(query), parent, |span, _| {
            site.conventions.set(span, OPERATION_NAME, name);
        })
    }

    #[inline]
    fn start_with(
        site: &Arc<Site>,
        query: Arc<SanitizedQuery>,
        parent: Option<&Context>,
        write: impl FnOnce(&mut Recorder<'_>, &SanitizedQuery),
    ) -> Self {
        let name = if query.summary.is_empty() { &site.span_name } else { &query.summary };
        let builder = site.tracer.span(name).kind(SpanKind::Client);
        let builder = match parent {
            Some(parent) => builder.parent(parent),
            None => builder,
        };
        let span = builder.start_with(|span| {
            site.record(span);
            // The conventions name a span after its summary, so what has a name of that kind has a summary.
            if !query.summary.is_empty() {
                site.conventions.set(span, QUERY_SUMMARY, &query.summary);
            }
            write(span, &query);
        });
        let since = (site.has_events && span.is_recording()).then(Instant::now);
        Self {
            #[cfg(feature = "metrics")]
            started: site.metrics.is_some().then(|| since.unwrap_or_else(Instant::now)),
            site: Arc::clone(site),
            span: Some(span),
            query,
            since,
            returned: 0,
            affected: None,
        }
    }

    /// Says that there is a connection now, and how long it was waited for.
    pub(crate) fn connection_acquired(&mut self) {
        #[cfg(feature = "metrics")]
        if let Some(started) = self.started {
            self.site.waited(started.elapsed());
        }
        if let Some(since) = self.since {
            let waited = since.elapsed();
            self.since = Some(since + waited);
            let Some(span) = &self.span else { return };
            span.event(CONNECTION_ACQUIRED, &[(WAIT_TIME, Value::Double(waited.as_secs_f64()))]);
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
        if let (Some(metrics), Some(started)) = (&self.site.metrics, self.started) {
            let error = match outcome {
                Outcome::Complete => None,
                Outcome::Failed(error) => Some(super::error_class::error_class(error)),
                Outcome::Cancelled => Some(CANCELLED.into()),
            };
            metrics.record(&self.site, &self.query.summary, error.as_deref(), started.elapsed());
        }
        span.end_with(|span| self.record_end(span, outcome));
    }

    fn record_end(&self, span: &mut Recorder<'_>, outcome: Outcome<'_>) {
        let conventions = self.site.conventions;
        if !self.query.writes || self.returned > 0 {
            conventions.set(span, RETURNED_ROWS, self.returned);
        }
        // PostgreSQL counts the rows of a SELECT as affected.
        if self.query.writes {
            conventions.set_some(span, AFFECTED_ROWS, self.affected);
        }
        match outcome {
            Outcome::Complete => {}
            Outcome::Failed(error) => record_error(span, conventions, error),
            Outcome::Cancelled => {
                span.event(CANCELLED, &[]);
                // Whoever stops reading often has no use for more; who gave up before the first row did not get any.
                if self.returned == 0 && self.affected.is_none() {
                    span.failed(CANCELLED, "");
                }
                return;
            }
        }
        if let Some(since) = self.since {
            span.event(QUERY_EXECUTED, &[(EXECUTION_TIME, Value::Double(since.elapsed().as_secs_f64()))]);
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}
