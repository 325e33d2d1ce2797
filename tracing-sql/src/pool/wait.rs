//! The wait for a connection that the caller takes from a pool.

use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::time::Instant;

use sqlx_core::error::Error;
use tracing_core_lite::Context;
use tracing_core_lite::database::Ending;
use tracing_core_lite::database::attribute::WAIT_TIME;
use tracing_core_lite::span::Timestamp;

use crate::config::Config;
use crate::record::with_failure;

/// A wait. It has a span if it is long, fails or is cancelled.
pub(super) struct Wait {
    config: Arc<Config>,
    context: Context,
    since: Timestamp,
    #[cfg(feature = "metrics")]
    stopwatch: Option<Instant>,
    ended: bool,
}

impl Wait {
    pub(super) fn start(config: &Arc<Config>) -> Self {
        Self {
            config: Arc::clone(config),
            context: Context::current(),
            since: Timestamp::now(),
            #[cfg(feature = "metrics")]
            stopwatch: config.stopwatch(),
            ended: false,
        }
    }

    pub(super) fn succeed(mut self) {
        self.ended = true;
        #[cfg(feature = "metrics")]
        self.config.waited(self.stopwatch);
        let now = Timestamp::now();
        if now.duration_since(self.since) >= self.config.wait_threshold {
            self.record(now, Ending::Succeeded);
        }
    }

    pub(super) fn fail(mut self, error: &Error) {
        self.ended = true;
        with_failure(error, |failure| self.record(Timestamp::now(), Ending::Failed(failure)));
    }

    fn record(&self, now: Timestamp, ending: Ending<'_>) {
        let client = &self.config.client;
        let span = client.tracer().span("acquire connection");
        span.with_parent(&self.context)
            .with_start_time(self.since)
            .start_with(|span| {
                client.record(span);
                client.conventions().set(span, WAIT_TIME, now.seconds_since(self.since));
                ending.record(span, client.conventions(), now);
            })
            .end_at(now);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.ended {
            self.record(Timestamp::now(), Ending::of_drop(false));
        }
    }
}
