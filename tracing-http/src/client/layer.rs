//! The layer for clients.

use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::redact::SecretKeys;

use super::classify::{BoxedErrors, StdErrors};
use super::config::Config;
use super::service::ClientService;
use crate::known_methods::KnownMethods;
use crate::scope::scope;

const REQUEST_HEADER: &str = "http.request.header";
const RESPONSE_HEADER: &str = "http.response.header";

/// Makes every attempt of a request a span of kind client. See the [module's documentation](super).
#[derive(Debug, Clone, Default)]
pub struct ClientLayer<C = StdErrors> {
    config: Arc<Config>,
    classify: C,
}

impl ClientLayer {
    /// A layer that records with the provider that is [installed](TracerProvider::install), or with the one of the
    /// OpenTelemetry API, for clients whose error implements [`Error`](std::error::Error).
    ///
    /// `OTEL_PROPAGATORS` and `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` are read; what they say wrongly counts as not
    /// said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<C> ClientLayer<C> {
    /// For clients whose error is `Box<dyn Error + Send + Sync>`.
    #[must_use]
    pub fn boxed_errors(self) -> ClientLayer<BoxedErrors> {
        self.classify(BoxedErrors)
    }

    /// Sets what finds the `error.type` of an error; [`StdErrors`] by default.
    #[must_use]
    pub fn classify<D>(self, classify: D) -> ClientLayer<D> {
        ClientLayer { config: self.config, classify }
    }

    fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Records with `provider`, whatever is installed.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        let tracer = provider.tracer_with_scope(scope());
        let propagator = provider.propagator().clone();
        self.set(|config| {
            config.tracer = tracer;
            config.propagator = propagator;
        })
    }

    /// Sets which headers carry the context; [`Propagator::global`] by default.
    #[must_use]
    pub fn with_propagator(self, propagator: Propagator) -> Self {
        self.set(|config| config.propagator = propagator)
    }

    /// Says which service is behind `host`, or `host:port`: its name becomes `service.peer.name`. May be called for many
    /// hosts.
    #[must_use]
    pub fn peer_service(self, host: &str, name: impl Into<String>) -> Self {
        self.set(|config| config.peer_services.add(host, name.into()))
    }

    /// Sets the methods that are recorded as they are, in place of those of RFC 9110, PATCH and QUERY. Case matters. Others
    /// become `_OTHER`, and the span's name begins with `HTTP`.
    #[must_use]
    pub fn known_methods<M: Into<String>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        let methods = KnownMethods::only(methods.into_iter().map(Into::into));
        self.set(|config| config.known_methods = methods)
    }

    /// Sets the query keys whose values are secret; [`SecretKeys::default`] by default.
    #[must_use]
    pub fn secret_query_keys(self, keys: SecretKeys) -> Self {
        self.set(|config| config.secret_keys = keys)
    }

    /// Records these headers of requests as `http.request.header.<name>`; none by default. Headers that carry credentials
    /// are passed over.
    #[must_use]
    pub fn capture_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.request_headers.add(REQUEST_HEADER, names))
    }

    /// Records these headers of responses as `http.response.header.<name>`; none by default. Headers that carry
    /// credentials are passed over.
    #[must_use]
    pub fn capture_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.response_headers.add(RESPONSE_HEADER, names))
    }

    /// Records the name of [`peer_service`](ClientLayer::peer_service) as `peer.service` too, for tools that know only this
    /// deprecated name; not recorded by default.
    #[must_use]
    pub fn record_deprecated_peer_service(self, record: bool) -> Self {
        self.set(|config| config.deprecated_peer_service = record)
    }

    /// Records `http.request.body.size`, as far as its headers announce it, and `http.response.body.size`, in bytes as
    /// counted here; not recorded by default.
    #[must_use]
    pub fn record_body_sizes(self, record: bool) -> Self {
        self.set(|config| config.body_sizes = record)
    }
}

impl<S, C: Clone> Layer<S> for ClientLayer<C> {
    type Service = ClientService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService { inner, config: Arc::clone(&self.config), classify: self.classify.clone() }
    }
}
