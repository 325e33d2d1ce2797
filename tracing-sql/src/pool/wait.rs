//! The wait for a connection that is taken on its own.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use sqlx_core::error::Error;
use tracing_core_lite::{Context, Recorder};

use crate::query::record_error;
use crate::semconv::{CANCELLED, WAIT_TIME};
use crate::site::Site;

/// A wait, which has a span if it is long or in vain.
pub(super) struct Wait {
    site: Arc<Site>,
    context: Context,
    started: SystemTime,
    since: Instant,
    ended: bool,
}

impl Wait {
    pub(super) fn start(site: &Arc<Site>) -> Self {
        let context = Context::current();
        Self {
            site: Arc::clone(site),
            context,
            started: SystemTime::now(),
            since: Instant::now(),
            ended: false,
        }
    }

    pub(super) fn complete(mut self) {
        self.ended = true;
        #[cfg(feature = "metrics")]
        self.site.waited(self.since.elapsed());
        if self.since.elapsed() >= self.site.wait_threshold {
            self.record(|_| {});
        }
    }

    pub(super) fn fail(mut self, error: &Error) {
        self.ended = true;
        self.record(|span| record_error(span, self.site.conventions, error));
    }

    fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        let span = self.site.tracer.span("acquire connection").parent(&self.context).start_time(self.started);
        span.start_with(|span| {
            self.site.record(span);
            span.set(WAIT_TIME, self.since.elapsed().as_secs_f64());
            write(span);
        })
        .end();
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.ended {
            self.record(|span| {
                span.event(CANCELLED, &[]);
                span.failed(CANCELLED, "");
            });
        }
    }
}
