//! The wait for a connection that is taken on its own.

use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::time::Instant;

use sqlx_core::error::Error;
use tracing_core_lite::span::Timestamp;
use tracing_core_lite::{Context, Recorder};

use crate::query::record_error;
use crate::semconv::{CANCELLED, WAIT_TIME};
use crate::site::Site;

/// A wait, which has a span if it is long or in vain.
pub(super) struct Wait {
    site: Arc<Site>,
    context: Context,
    since: Timestamp,
    #[cfg(feature = "metrics")]
    stopwatch: Option<Instant>,
    ended: bool,
}

impl Wait {
    pub(super) fn start(site: &Arc<Site>) -> Self {
        Self {
            site: Arc::clone(site),
            context: Context::current(),
            since: Timestamp::now(),
            #[cfg(feature = "metrics")]
            stopwatch: site.stopwatch(),
            ended: false,
        }
    }

    pub(super) fn complete(mut self) {
        self.ended = true;
        #[cfg(feature = "metrics")]
        self.site.waited(self.stopwatch);
        let now = Timestamp::now();
        if now.duration_since(self.since) >= self.site.wait_threshold {
            self.record(now, |_| {});
        }
    }

    pub(super) fn fail(mut self, error: &Error) {
        self.ended = true;
        self.record(Timestamp::now(), |span| record_error(span, self.site.conventions, error));
    }

    fn record(&self, now: Timestamp, write: impl FnOnce(&mut Recorder<'_>)) {
        let span = self
            .site
            .tracer
            .span("acquire connection")
            .with_parent(&self.context)
            .with_start_time(self.since);
        span.start_with(|span| {
            self.site.record(span);
            span.set(WAIT_TIME, now.seconds_since(self.since));
            write(span);
        })
        .end_at(now);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.ended {
            let now = Timestamp::now();
            self.record(now, |span| {
                span.add_event_at(CANCELLED, now, &[]);
                span.failed(CANCELLED, "");
            });
        }
    }
}
