//! Futures that run in a context.

use std::pin::Pin;
use std::task;

use opentelemetry::Context;
use pin_project_lite::pin_project;

pin_project! {
    /// A future that is polled with a context attached. See [`FutureExt`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InContext<F> {
        #[pin]
        future: F,
        context: Context,
    }
}

impl<F> InContext<F> {
    pub(crate) fn new(future: F, context: Context) -> Self {
        Self { future, context }
    }

    /// Returns the context that the future runs in.
    pub fn context(&self) -> &Context {
        &self.context
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let this = self.project();
        let _guard = this.context.clone().attach();
        this.future.poll(cx)
    }
}
