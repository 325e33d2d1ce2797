//! The layer for servers.

use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;
use tracing_core_lite::tower::{AnyBody, Filter, Hooks, OnRequest, OnResponse};

use super::config::ServerConfig;
use super::service::ServerService;
use crate::head::{RequestHead, ResponseHead};

/// A layer that makes every request a span of kind server, for any tower service of `http` types. See the
/// [module's documentation](super).
///
/// In a router of axum, `tracing_http::axum::ServerLayer` (feature `axum`) costs less.
pub type ServerLayer<F = (), Q = (), P = ()> = ServerLayerFor<AnyBody, F, Q, P>;

/// A server layer whose responses have bodies as `W` says; used through [`ServerLayer`] and its namesakes.
#[derive(Debug, Clone)]
pub struct ServerLayerFor<W, F = (), Q = (), P = ()> {
    pub(super) config: Arc<ServerConfig>,
    hooks: Hooks<F, Q, P>,
    response_body: PhantomData<fn() -> W>,
}

impl<W> Default for ServerLayerFor<W> {
    fn default() -> Self {
        Self { config: Arc::default(), hooks: Hooks::default(), response_body: PhantomData }
    }
}

impl<W> ServerLayerFor<W> {
    /// Creates a layer that records with the [installed](tracing_core_lite::TracerProvider::install) provider, or with
    /// that of the OpenTelemetry API while none is installed.
    ///
    /// Reads `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Filter and hooks.
impl<W, F, Q, P> ServerLayerFor<W, F, Q, P> {
    /// Excludes requests, such as health checks, and everything below them. All requests are traced by default. See
    /// [`Filter`] for what excluded requests pass on.
    ///
    /// ```
    /// use tracing_http::RequestHead;
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer =
    ///     ServerLayer::new().with_filter(|request: &RequestHead<'_>| request.uri().path() != "/health");
    /// ```
    #[must_use]
    pub fn with_filter<G>(self, filter: G) -> ServerLayerFor<W, G, Q, P>
    where
        G: for<'a> Filter<RequestHead<'a>>,
    {
        self.with_hooks(|hooks| hooks.with_filter(filter))
    }

    /// Adds attributes from the request to recorded spans. See [`OnRequest`].
    ///
    /// ```
    /// use tracing_http::RequestHead;
    /// use tracing_http::server::ServerLayer;
    /// use tracing_http::tracing_core_lite::Recorder;
    ///
    /// let layer =
    ///     ServerLayer::new().with_on_request(|request: &RequestHead<'_>, span: &mut Recorder<'_>| {
    ///         span.set("shop.is_internal", request.headers().contains_key("x-internal"));
    ///     });
    /// ```
    #[must_use]
    pub fn with_on_request<H>(self, on_request: H) -> ServerLayerFor<W, F, H, P>
    where
        H: for<'a> OnRequest<RequestHead<'a>>,
    {
        self.with_hooks(|hooks| hooks.with_on_request(on_request))
    }

    /// Adds attributes from the response to recorded spans. See [`OnResponse`].
    ///
    /// ```
    /// use tracing_http::ResponseHead;
    /// use tracing_http::server::ServerLayer;
    /// use tracing_http::tracing_core_lite::Recorder;
    ///
    /// let layer =
    ///     ServerLayer::new().with_on_response(|response: &ResponseHead<'_>, span: &mut Recorder<'_>| {
    ///         span.set("shop.is_cached", response.headers().contains_key("age"));
    ///     });
    /// ```
    #[must_use]
    pub fn with_on_response<H>(self, on_response: H) -> ServerLayerFor<W, F, Q, H>
    where
        H: for<'a> OnResponse<ResponseHead<'a>>,
    {
        self.with_hooks(|hooks| hooks.with_on_response(on_response))
    }

    fn with_hooks<G, H, R>(
        self,
        change: impl FnOnce(Hooks<F, Q, P>) -> Hooks<G, H, R>,
    ) -> ServerLayerFor<W, G, H, R> {
        ServerLayerFor { config: self.config, hooks: change(self.hooks), response_body: PhantomData }
    }
}

impl<S, W, F: Clone, Q: Clone, P: Clone> Layer<S> for ServerLayerFor<W, F, Q, P> {
    type Service = ServerService<S, W, F, Q, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService {
            inner,
            config: Arc::clone(&self.config),
            hooks: self.hooks.clone(),
            response_body: PhantomData,
        }
    }
}
