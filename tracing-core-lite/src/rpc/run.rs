//! The future of a call.

use std::fmt;
use std::pin::Pin;
use std::task;

use pin_project_lite::pin_project;

use super::RpcSpan;
use super::span::Ending;
use crate::unwind::on_unwind;

pin_project! {
    /// A future that is the work of one call. See [`RpcSpan::run`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RunCall<F, O> {
        // First, so that spans inside are dropped, and thus end, before the span of the call.
        #[pin]
        work: F,
        open: Option<(RpcSpan, O)>,
    }
}

impl RpcSpan {
    /// Runs `work` in the context of the call. `end` gets its output, and ends the span by [`succeed`](Self::succeed) or
    /// [`fail`](Self::fail).
    ///
    /// If `work` panics, the span ends with the panic, which goes on. If the returned future is dropped, the call was
    /// cancelled.
    ///
    /// ```
    /// use tracing_core_lite::InstrumentationScope;
    /// use tracing_core_lite::rpc::{Call, Client, Failure};
    ///
    /// # async fn exchange(_: Vec<(String, String)>) -> Result<String, std::io::Error> { Ok(String::new()) }
    /// # async fn example() -> Result<(), std::io::Error> {
    /// let client = Client::new("thrift", InstrumentationScope::builder("shop-thrift").build());
    /// let mut headers = Vec::new();
    /// let span = client.start(&Call::new("shop.Prices/get"), &mut headers);
    /// let price = span
    ///     .run(exchange(headers), |response, span| match response {
    ///         Ok(_) => span.succeed(),
    ///         Err(error) => span.fail(&Failure::new(tracing_core_lite::error_class::of_io(error))),
    ///     })
    ///     .await?;
    /// # drop(price);
    /// # Ok(()) }
    /// ```
    pub fn run<F, O>(self, work: F, end: O) -> RunCall<F, O>
    where
        F: Future,
        O: FnOnce(&F::Output, RpcSpan),
    {
        RunCall { work, open: Some((self, end)) }
    }
}

impl<F: Future, O: FnOnce(&F::Output, RpcSpan)> Future for RunCall<F, O> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let this = self.project();
        let Some((span, _)) = this.open.as_mut() else { return this.work.poll(cx) };
        let attached = span.context().clone().attach();
        let polled = on_unwind(|| this.work.poll(cx), || span.end(Ending::Panicked));
        drop(attached);
        if let task::Poll::Ready(output) = &polled
            && let Some((span, end)) = this.open.take()
        {
            end(output, span);
        }
        polled
    }
}

impl<F: fmt::Debug, O> fmt::Debug for RunCall<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCall").field("work", &self.work).finish_non_exhaustive()
    }
}
