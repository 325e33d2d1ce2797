//! The future of a traced command.

use std::pin::Pin;
use std::task::{Context, Poll};

use ::redis::RedisResult;
use pin_project_lite::pin_project;
use tracing_core_lite::{Recorder, Span};

use super::error_class::{ErrorClass, Response};
use crate::semconv::CANCELLED;
use crate::semconv::cache::HIT;
use crate::semconv::db::STATUS_CODE;

/// The span of a command; ended as cancelled when it is dropped.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) span: Option<Span>,
    pub(super) is_look_up: bool,
    #[cfg(feature = "metrics")]
    pub(super) measurement: Option<super::metrics::Measurement>,
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
                if let ErrorClass::Server(code) = error {
                    span.set(STATUS_CODE, code);
                }
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
            Ok(response) if self.is_look_up && error.is_none() => Some(!response.is_nil()),
            _ => None,
        };
        self.end(error, |span| {
            span.set_some(HIT, is_hit);
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.end(Some(ErrorClass::Client(CANCELLED)), |span| {
            span.add_event(CANCELLED, &[]);
        });
    }
}

pin_project! {
    /// The response of a command to come.
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
        let polled = this.inner.poll(cx);
        if let Poll::Ready(result) = &polled {
            this.open.finish(result);
        }
        polled
    }
}
