//! The future of a command.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use redis::RedisResult;
use tracing_core_lite::cache::attribute::HIT;
use tracing_core_lite::database::{DatabaseSpan, Ending};
use tracing_core_lite::layer_support::on_unwind;

use crate::record::{ErrorClass, Response};

/// The span of a command. If it is dropped before the response, it ends as cancelled.
#[derive(Debug)]
pub(super) struct Open {
    span: DatabaseSpan,
    is_lookup: bool,
}

impl Open {
    /// Returns `None` if the command is neither recorded nor measured.
    #[inline]
    pub(super) fn new(span: DatabaseSpan, is_lookup: bool) -> Option<Self> {
        span.is_observed().then_some(Self { span, is_lookup })
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
        let ending = error.map_or(Ending::Succeeded, |error| Ending::Failed(error.failure()));
        self.span.end(ending, |span, _| {
            span.set_some(HIT, is_hit);
        });
    }

    #[cold]
    fn panicked(&mut self) {
        self.span.end(Ending::Panicked, |_, _| {});
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
