//! The future of a command.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use redis::RedisResult;
use tracing_core_lite::cache::attribute::HIT;
use tracing_core_lite::layer_support::{on_unwind, record_panic};
use tracing_core_lite::{Recorder, Span};

#[cfg(feature = "metrics")]
use crate::record::Measurement;
use crate::record::attribute::STATUS_CODE;
use crate::record::{ErrorClass, Response};

/// The span of a command, and its measurement. Dropping it ends them as cancelled.
#[derive(Debug)]
pub(super) struct Open {
    /// `None` once the command has ended.
    pub(super) span: Option<Span>,
    pub(super) is_lookup: bool,
    #[cfg(feature = "metrics")]
    pub(super) measurement: Option<Measurement>,
}

impl Open {
    fn end(&mut self, error: Option<ErrorClass<'_>>, write: impl FnOnce(&mut Recorder<'_>)) {
        let Some(span) = self.span.take() else { return };
        #[cfg(feature = "metrics")]
        if let Some(measurement) = self.measurement.take() {
            measurement.end(error);
        }
        span.end_with(|span| {
            write(span);
            if let Some(error) = error {
                span.set_some(STATUS_CODE, error.status_code());
                span.failed(error.as_str(), "");
            }
        });
    }

    fn finish<T: Response>(&mut self, result: &RedisResult<T>) {
        let error = match result {
            Ok(response) => response.error(),
            Err(error) => Some(ErrorClass::of_error(error)),
        };
        let is_hit = match result {
            Ok(response) if self.is_lookup && error.is_none() => Some(!response.is_nil()),
            _ => None,
        };
        self.end(error, |span| {
            span.set_some(HIT, is_hit);
        });
    }

    #[cold]
    fn panicked(&mut self) {
        self.end(Some(ErrorClass::PANIC), record_panic);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.span.is_none() {
            return;
        }
        if std::thread::panicking() {
            return self.panicked();
        }
        self.end(Some(ErrorClass::CANCELLED), |span| {
            span.add_event(ErrorClass::CANCELLED.as_str(), &[]);
        });
    }
}

pin_project! {
    /// The future of a command that is recorded.
    pub(super) struct TracedFuture<F> {
        #[pin]
        inner: F,
        open: Open,
    }
}

impl<F> TracedFuture<F> {
    pub(super) fn new(inner: F, open: Open) -> Self {
        Self { inner, open }
    }
}

impl<T: Response, F: Future<Output = RedisResult<T>>> Future for TracedFuture<F> {
    type Output = RedisResult<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = on_unwind(|| this.inner.poll(cx), || this.open.panicked());
        if let Poll::Ready(result) = &polled {
            this.open.finish(result);
        }
        polled
    }
}
