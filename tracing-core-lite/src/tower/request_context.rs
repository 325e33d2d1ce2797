//! A context that travels in a request's extensions.

use std::task::{Context as TaskContext, Poll};

use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::Context;

/// An extension of a request: the context that the request belongs to.
///
/// A [`CarryContextLayer`] inserts it above middleware that calls from another task, and client layers start their spans
/// in it. A server layer that starts a new trace inserts it too, so that a further server layer on the same request
/// continues that trace.
#[derive(Debug, Clone)]
pub struct RequestContext(Context);

impl RequestContext {
    /// Creates the extension.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self(context)
    }

    /// Returns the context.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.0
    }

    #[inline]
    pub(super) fn of(extensions: &Extensions) -> Option<&Context> {
        extensions.get().map(|Self(context)| context)
    }
}

/// A layer that puts the current context into the extensions of requests.
///
/// Middleware such as [`tower::buffer`] calls the service below it from a task of its own, where the caller's context is
/// not current. Put this layer above such middleware and the client layer below it:
///
/// ```
/// # fn stack<S>(client_layer: impl tower_layer::Layer<S>) {
/// use tower::ServiceBuilder;
/// use tracing_core_lite::tower::CarryContextLayer;
///
/// let layers = ServiceBuilder::new()
///     .layer(CarryContextLayer::new())
///     // .buffer(16)
///     .layer(client_layer);
/// # }
/// ```
///
/// [`tower::buffer`]: https://docs.rs/tower/0.5/tower/buffer/index.html
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct CarryContextLayer;

impl CarryContextLayer {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for CarryContextLayer {
    type Service = CarryContext<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CarryContext { inner }
    }
}

/// A service that puts the current context into the extensions of requests; made by [`CarryContextLayer`].
#[derive(Debug, Clone)]
pub struct CarryContext<S> {
    inner: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for CarryContext<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(RequestContext::new(Context::current()));
        self.inner.call(request)
    }
}
