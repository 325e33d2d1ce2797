//! Futures that are the work of a span.

use std::fmt;
use std::pin::Pin;
use std::task;

use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::classified_error::ClassifiedError;
use super::handle::Span;
use crate::context::InContext;

pin_project! {
    /// A future that is the work of a span. See [`FutureExt::in_span`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InSpan<F: Future> {
        // First, so that spans within are dropped, and so end, before the span around them.
        #[pin]
        future: F,
        context: Context,
        span: Option<Span>,
        finish: fn(&Span, &F::Output),
    }
}

impl<F: Future> InSpan<F> {
    fn new(future: F, span: Span, finish: fn(&Span, &F::Output)) -> Self {
        let context = Context::map_current(|current| span.in_context(current));
        Self { future, context, span: Some(span), finish }
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let this = self.project();
        let guard = this.context.clone().attach();
        let on_panic = DropOnPanic::new(this.span);
        let polled = this.future.poll(cx);
        on_panic.defuse();
        drop(guard);
        if let task::Poll::Ready(output) = &polled
            && let Some(span) = this.span.take()
        {
            (this.finish)(&span, output);
            span.end();
        }
        polled
    }
}

/// Takes out and drops what is in a place if a poll panics, while the thread unwinds. The future itself may be dropped
/// later, and a span has to see the panic.
pub(crate) struct DropOnPanic<'a, T> {
    place: &'a mut Option<T>,
    has_returned: bool,
}

impl<'a, T> DropOnPanic<'a, T> {
    pub(crate) fn new(place: &'a mut Option<T>) -> Self {
        Self { place, has_returned: false }
    }

    /// The poll has returned.
    pub(crate) fn defuse(mut self) {
        self.has_returned = true;
    }
}

impl<T> Drop for DropOnPanic<'_, T> {
    fn drop(&mut self) {
        if !self.has_returned {
            drop(self.place.take());
        }
    }
}

impl<F: Future + fmt::Debug> fmt::Debug for InSpan<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InSpan")
            .field("future", &self.future)
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

/// Carries a context with a future to whichever thread polls it.
///
/// ```
/// use tracing_core_lite::Context;
/// use tracing_core_lite::context::FutureExt;
///
/// #[derive(Debug, PartialEq)]
/// struct Tenant(u32);
///
/// let context = Context::new().with_value(Tenant(7));
/// let work = async { Context::current().get::<Tenant>().map(|tenant| tenant.0) }.in_context(context);
/// # let mut work = std::pin::pin!(work);
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert_eq!(std::future::Future::poll(work.as_mut(), &mut cx), std::task::Poll::Ready(Some(7)));
/// ```
pub trait FutureExt: Future + Sized {
    /// Polls the future in `context`.
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext::new(self, context)
    }

    /// Polls the future in the context that is current now.
    fn in_current_context(self) -> InContext<Self> {
        self.in_context(Context::current())
    }

    /// Makes the future the work of `span`. The span is the current one while the future is polled, and ends
    /// when the future finishes, panics or is dropped.
    fn in_span(self, span: Span) -> InSpan<Self> {
        InSpan::new(self, span, |_, _| {})
    }

    /// Like [`in_span`](FutureExt::in_span), and [records](Span::record_error) an `Err`.
    ///
    /// ```
    /// use tracing_core_lite::Tracer;
    /// use tracing_core_lite::context::FutureExt;
    ///
    /// # async fn read(_: &str) -> std::io::Result<String> { Ok(String::new()) }
    /// # async fn example() -> std::io::Result<()> {
    /// let tracer = Tracer::global_named("shop");
    /// let prices = read("prices.txt").try_in_span(tracer.span("load prices").start()).await?;
    /// # drop(prices); Ok(()) }
    /// ```
    fn try_in_span<T, E>(self, span: Span) -> InSpan<Self>
    where
        Self: Future<Output = Result<T, E>>,
        E: std::error::Error,
    {
        InSpan::new(self, span, |span, result| {
            if let Err(error) = result {
                span.record_error(error);
            }
        })
    }

    /// Like [`in_span`](FutureExt::in_span), and records an `Err` as [`ClassifiedError`] describes: as a failure, or as an error
    /// that was expected.
    fn try_in_span_classified<T, E>(self, span: Span) -> InSpan<Self>
    where
        Self: Future<Output = Result<T, E>>,
        E: ClassifiedError,
    {
        InSpan::new(self, span, |span, result| {
            if let Err(error) = result {
                span.record_classified(error);
            }
        })
    }
}

impl<F: Future> FutureExt for F {}
