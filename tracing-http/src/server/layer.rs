//! The layer for servers.

use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;
use tracing_core_lite::Recorder;

use super::config::Config;
#[cfg(feature = "axum")]
use super::response_body::AxumBody;
use super::response_body::Wrapped;
use super::service::ServerService;
use crate::head::{RequestHead, ResponseHead};

/// Makes every request a span of kind server. See the [module's documentation](super).
///
/// Its other settings are in the second block of methods.
#[derive(Debug, Clone, Default)]
pub struct ServerLayer<F = (), Q = (), P = (), W = Wrapped> {
    pub(super) config: Arc<Config>,
    filter: F,
    on_request: Q,
    on_response: P,
    response_body: PhantomData<fn() -> W>,
}

impl ServerLayer {
    /// A layer that records with the provider that is [installed](tracing_core_lite::TracerProvider::install), or with
    /// the one of the OpenTelemetry API.
    ///
    /// `OTEL_PROPAGATORS` and `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` are read; what they say wrongly counts as not
    /// said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<F, Q, P, W> ServerLayer<F, Q, P, W> {
    /// Leaves out requests, such as those of health checks: see [`Filter`](super::Filter). All are traced by default.
    ///
    /// ```
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().filter(|request| request.uri().path() != "/health");
    /// ```
    #[must_use]
    pub fn filter<G>(self, filter: G) -> ServerLayer<G, Q, P, W>
    where
        G: Fn(&RequestHead<'_>) -> bool + Clone,
    {
        let Self { config, on_request, on_response, response_body, .. } = self;
        ServerLayer { config, filter, on_request, on_response, response_body }
    }

    /// Adds attributes from the request, when the span is recorded: see [`OnRequest`](super::OnRequest).
    ///
    /// ```
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().on_request(|request, span| {
    ///     span.set("shop.is_internal", request.headers().contains_key("x-internal"));
    /// });
    /// ```
    #[must_use]
    pub fn on_request<H>(self, on_request: H) -> ServerLayer<F, H, P, W>
    where
        H: Fn(&RequestHead<'_>, &mut Recorder<'_>) + Clone,
    {
        let Self { config, filter, on_response, response_body, .. } = self;
        ServerLayer { config, filter, on_request, on_response, response_body }
    }

    /// Adds attributes from the response, when the span is recorded: see [`OnResponse`](super::OnResponse).
    ///
    /// ```
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().on_response(|response, span| {
    ///     span.set("shop.is_cached", response.headers().contains_key("age"));
    /// });
    /// ```
    #[must_use]
    pub fn on_response<H>(self, on_response: H) -> ServerLayer<F, Q, H, W>
    where
        H: Fn(&ResponseHead<'_>, &mut Recorder<'_>) + Clone,
    {
        let Self { config, filter, on_request, response_body, .. } = self;
        ServerLayer { config, filter, on_request, on_response, response_body }
    }
}

#[cfg(feature = "axum")]
impl<F, Q, P> ServerLayer<F, Q, P> {
    /// Makes responses keep axum's type of body: for [`Router::layer`](axum::Router::layer) and its like, whose responses
    /// have no other.
    ///
    /// Without it the layer does the same, but axum has to box the body of each response once more, also of those that
    /// nobody watches: 40 ns and an allocation for a request that is not sampled.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tracing_http::server::ServerLayer;
    ///
    /// let app: Router =
    ///     Router::new().route("/", get(|| async { "hello" })).layer(ServerLayer::new().keep_axum_body());
    /// ```
    #[must_use]
    pub fn keep_axum_body(self) -> ServerLayer<F, Q, P, AxumBody> {
        let Self { config, filter, on_request, on_response, .. } = self;
        ServerLayer { config, filter, on_request, on_response, response_body: PhantomData }
    }
}

impl<S, F: Clone, Q: Clone, P: Clone, W> Layer<S> for ServerLayer<F, Q, P, W> {
    type Service = ServerService<S, F, Q, P, W>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService {
            inner,
            config: Arc::clone(&self.config),
            filter: self.filter.clone(),
            on_request: self.on_request.clone(),
            on_response: self.on_response.clone(),
            response_body: PhantomData,
        }
    }
}
