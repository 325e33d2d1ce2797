//! The span of a transaction.

use std::sync::Arc;

use sqlx_core::error::Error;
use tracing_core_lite::database::Ending;
use tracing_core_lite::database::attribute::{OPERATION_NAME, TRANSACTION_OUTCOME, WAIT_TIME};
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, Span, SpanKind};

use crate::config::Config;
use crate::record::names::CONNECTION_ACQUIRED;
use crate::record::with_failure;

pub(super) const COMMITTED: &str = "committed";
pub(super) const ROLLED_BACK: &str = "rolled_back";
pub(super) const DROPPED: &str = "dropped";
pub(super) const FAILED: &str = "failed";
pub(super) const UNKNOWN: &str = "unknown";

/// The span of a transaction or savepoint. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct TransactionSpan {
    config: Arc<Config>,
    span: Span,
    is_savepoint: bool,
    outcome: &'static str,
}

impl TransactionSpan {
    pub(super) fn start(config: &Arc<Config>, parent: &Context, is_savepoint: bool) -> Self {
        let client = &config.client;
        let operation = if is_savepoint { "savepoint" } else { "transaction" };
        let start = |name: &[&str]| {
            let builder = client.tracer().span(name).with_kind(SpanKind::Client);
            builder.with_parent(parent).start_with(|span| {
                client.record(span);
                client.conventions().set(span, OPERATION_NAME, operation);
            })
        };
        // Semantic conventions v1.44.0, database spans, "Name": `{db.operation.name} {target}`.
        let span = match client.target() {
            Some(target) => start(&[operation, " ", target]),
            None => start(&[operation]),
        };
        Self { config: Arc::clone(config), span, is_savepoint, outcome: UNKNOWN }
    }

    pub(super) fn is_savepoint(&self) -> bool {
        self.is_savepoint
    }

    pub(super) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub(super) fn in_context(&self, parent: &Context) -> Context {
        self.span.in_context(parent)
    }

    /// Adds the event of a connection that was acquired since the start.
    pub(super) fn connection_acquired(&self) {
        if self.config.has_events {
            self.span.record(|span| {
                let now = Timestamp::now();
                let waited = now.seconds_since(span.start_time());
                span.add_event_at(CONNECTION_ACQUIRED, now, &[(WAIT_TIME.stable, waited.into())]);
            });
        }
    }

    pub(super) fn set_outcome(&mut self, outcome: &'static str) {
        self.outcome = outcome;
    }

    pub(super) fn fail(&mut self, error: &Error) {
        self.outcome = FAILED;
        let conventions = self.config.client.conventions();
        with_failure(error, |failure| {
            self.span.record(|span| Ending::Failed(failure).record(span, conventions, Timestamp::now()));
        });
    }
}

impl Drop for TransactionSpan {
    fn drop(&mut self) {
        let (conventions, outcome) = (self.config.client.conventions(), self.outcome);
        self.span.record(|span| conventions.set(span, TRANSACTION_OUTCOME, outcome));
    }
}
