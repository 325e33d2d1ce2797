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
    pub(super) fn new(future: F, context: Context) -> Self {
        Self { future, context }
    }

    /// The context that the future runs in.
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

/// Carries a context with a future, whichever thread polls it.
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
pub trait FutureExt: Sized {
    /// Polls the future in `context`.
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext::new(self, context)
    }

    /// Polls the future in the context that is current now.
    fn in_current_context(self) -> InContext<Self> {
        self.in_context(Context::current())
    }
}

impl<F: Future> FutureExt for F {}
