//! The layer for clients.

use std::sync::Arc;

use tower_layer::Layer;
use tracing_core_lite::tower::{Filter, Hooks, OnRequest, OnResponse};

use super::classify::{BoxedErrors, StdErrors};
use super::config::ClientConfig;
use super::service::ClientService;
use crate::head::{RequestHead, ResponseHead};

/// A layer that makes every attempt of a request a span of kind client. See the [module's documentation](super).
#[derive(Debug, Clone, Default)]
pub struct ClientLayer<C = StdErrors, F = (), Q = (), P = ()> {
    pub(super) config: Arc<ClientConfig>,
    classify: C,
    hooks: Hooks<F, Q, P>,
}

impl ClientLayer {
    /// Creates a layer for clients whose error implements [`Error`](std::error::Error). It records with the
    /// [installed](tracing_core_lite::TracerProvider::install) provider, or with that of the OpenTelemetry API while none
    /// is installed.
    ///
    /// Reads `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<C, F, Q, P> ClientLayer<C, F, Q, P> {
    /// Accepts clients whose error is `Box<dyn Error + Send + Sync>`, as below tower's timeout.
    #[must_use]
    pub fn with_boxed_errors(self) -> ClientLayer<BoxedErrors, F, Q, P> {
        self.with_classifier(BoxedErrors)
    }

    /// Sets what finds the `error.type` of an error; [`StdErrors`] by default.
    #[must_use]
    pub fn with_classifier<D>(self, classify: D) -> ClientLayer<D, F, Q, P> {
        ClientLayer { config: self.config, classify, hooks: self.hooks }
    }

    /// Excludes requests, and everything below them. All requests are traced by default. See [`Filter`] for what excluded
    /// requests carry.
    #[must_use]
    pub fn with_filter<G>(self, filter: G) -> ClientLayer<C, G, Q, P>
    where
        G: for<'a> Filter<RequestHead<'a>>,
    {
        self.with_hooks(|hooks| hooks.with_filter(filter))
    }

    /// Adds attributes from the request to recorded spans. See [`OnRequest`].
    #[must_use]
    pub fn with_on_request<H>(self, on_request: H) -> ClientLayer<C, F, H, P>
    where
        H: for<'a> OnRequest<RequestHead<'a>>,
    {
        self.with_hooks(|hooks| hooks.with_on_request(on_request))
    }

    /// Adds attributes from the response to recorded spans. See [`OnResponse`].
    #[must_use]
    pub fn with_on_response<H>(self, on_response: H) -> ClientLayer<C, F, Q, H>
    where
        H: for<'a> OnResponse<ResponseHead<'a>>,
    {
        self.with_hooks(|hooks| hooks.with_on_response(on_response))
    }

    fn with_hooks<G, H, R>(
        self,
        change: impl FnOnce(Hooks<F, Q, P>) -> Hooks<G, H, R>,
    ) -> ClientLayer<C, G, H, R> {
        ClientLayer { config: self.config, classify: self.classify, hooks: change(self.hooks) }
    }
}

impl<S, C: Clone, F: Clone, Q: Clone, P: Clone> Layer<S> for ClientLayer<C, F, Q, P> {
    type Service = ClientService<S, C, F, Q, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService {
            inner,
            config: Arc::clone(&self.config),
            classify: self.classify.clone(),
            hooks: self.hooks.clone(),
        }
    }
}
