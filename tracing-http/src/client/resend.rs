//! How many times a request was sent before.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context as TaskContext, Poll};

use http::{Extensions, Request};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::Context;

/// An extension of a request: how many times it was sent before. Set it for resends by hand; otherwise a [`ResendLayer`]
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResendCount(
    /// 0 for the first attempt.
    pub u32,
);

/// The number of attempts so far of one request, shared by all clones of its extensions and by its context.
#[derive(Debug, Clone, Default)]
struct Attempts(Arc<AtomicU32>);

/// A layer that counts attempts, so that the spans of a [`ClientLayer`](super::ClientLayer) below it have
/// `http.request.resend_count`.
///
/// Put it above whatever sends a request again, such as tower's retry layer or tower-http's `FollowRedirect`, and put the
/// client layer below:
///
/// ```
/// use tower::ServiceBuilder;
/// use tower::retry::{Policy, RetryLayer};
/// use tracing_http::client::{ClientLayer, ResendLayer};
///
/// # fn with<P: Clone, S>(policy: P, client: S) {
/// let client = ServiceBuilder::new()
///     .layer(ResendLayer::new())
///     .layer(RetryLayer::new(policy))
///     .layer(ClientLayer::new())
///     .service(client);
/// # }
/// ```
///
/// The count travels in the request's extensions, which a retry copies, and in the current context, for `FollowRedirect`,
/// which makes a new request without extensions. A request without the extension counts as a further attempt once the
/// first was sent.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ResendLayer;

impl ResendLayer {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for ResendLayer {
    type Service = ResendService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ResendService { inner }
    }
}

/// A service that counts attempts; made by [`ResendLayer`].
#[derive(Debug, Clone)]
pub struct ResendService<S> {
    inner: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for ResendService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResendFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let attempts = Attempts::default();
        request.extensions_mut().insert(attempts.clone());
        let _current = Context::current_with_value(attempts.clone()).attach();
        ResendFuture { inner: self.inner.call(request), attempts }
    }
}

pin_project! {
    /// The future of a [`ResendService`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResendFuture<F> {
        #[pin]
        inner: F,
        attempts: Attempts,
    }
}

impl<F: Future> Future for ResendFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The caller may poll in another context each time.
        let _current = Context::current_with_value(this.attempts.clone()).attach();
        this.inner.poll(cx)
    }
}

/// Counts an attempt, and puts the number of earlier ones into the request's extensions.
#[inline]
pub(super) fn note(context: &Context, extensions: &mut Extensions) {
    let before = match extensions.get::<Attempts>() {
        Some(Attempts(attempts)) => attempts.fetch_add(1, Ordering::Relaxed),
        None => match context.get::<Attempts>() {
            // Another request of the same future, such as one for a token, may come before the first attempt.
            Some(Attempts(attempts)) if attempts.load(Ordering::Relaxed) > 0 => {
                attempts.fetch_add(1, Ordering::Relaxed)
            }
            _ => return,
        },
    };
    extensions.insert(ResendCount(before));
}
