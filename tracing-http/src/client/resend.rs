//! How often a request was sent before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

/// An extension of a request: it has been sent this many times before. For retries that are done by hand; below tower's
/// retry layer, a [`ResendLayer`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResendCount(
    /// 0 for the first attempt.
    pub u32,
);

/// Counts the attempts of one request, in all clones of its extensions.
#[derive(Debug, Clone, Default)]
struct Attempts(Arc<AtomicU32>);

/// Counts attempts, so that the spans of a [`ClientLayer`](super::ClientLayer) have `http.request.resend_count`.
///
/// It goes above the retry layer, and the client layer below: a retry policy clones a request before it is sent, and this
/// layer's counter is in all of the clones.
///
/// ```
/// use tower::ServiceBuilder;
/// use tower::retry::{Policy, RetryLayer};
/// use tracing_http::client::{ClientLayer, ResendLayer};
///
/// # fn with<P: Clone, S>(policy: P, client: S) {
/// let client = ServiceBuilder::new()
///     .layer(ResendLayer)
///     .layer(RetryLayer::new(policy))
///     .layer(ClientLayer::new())
///     .service(client);
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ResendLayer;

impl<S> Layer<S> for ResendLayer {
    type Service = ResendService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ResendService { inner }
    }
}

/// Counts attempts; made by [`ResendLayer`].
#[derive(Debug, Clone)]
pub struct ResendService<S> {
    inner: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for ResendService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(Attempts::default());
        self.inner.call(request)
    }
}

/// Notes an attempt.
pub(super) fn note(extensions: &mut Extensions) {
    if let Some(Attempts(attempts)) = extensions.get() {
        let before = attempts.fetch_add(1, Ordering::Relaxed);
        extensions.insert(ResendCount(before));
    }
}

/// How often the request was sent before the present attempt.
pub(super) fn count(extensions: &Extensions) -> u32 {
    extensions.get().map_or(0, |ResendCount(count)| *count)
}
