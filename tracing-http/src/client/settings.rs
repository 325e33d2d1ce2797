//! The settings of a client layer.

use std::sync::Arc;

use http::HeaderName;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::propagation::boundary::OutboundBoundary;
use tracing_core_lite::redact::SecretKeys;

use super::config::ClientConfig;
use super::layer::ClientLayer;

/// Settings.
impl<C, F, Q, P> ClientLayer<C, F, Q, P> {
    fn set(mut self, change: impl FnOnce(&mut ClientConfig)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Records with `provider` and uses its propagator, whichever provider is installed.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        self.set(|config| config.common.set_provider(provider))
    }

    /// Sets which headers carry the context; by default those of the provider's propagator. Call this after
    /// [`with_provider`](Self::with_provider).
    #[must_use]
    pub fn with_propagator(self, propagator: Propagator) -> Self {
        self.set(|config| config.common.set_propagator(propagator))
    }

    /// Names the service behind `host` or `host:port`: the value of `service.peer.name`. May be called for many hosts.
    #[must_use]
    pub fn with_peer_service(self, host: &str, name: impl Into<String>) -> Self {
        self.set(|config| config.peer_services.add(host, name.into()))
    }

    /// Sets what requests carry, by host; everything by default. See
    /// [`boundary`](tracing_core_lite::propagation::boundary).
    ///
    /// Each attempt and each redirect that goes through this layer gets its own decision. A client that follows redirects below this
    /// layer would send its headers to any host. For reqwest, use
    /// `TracedClient::build`, which follows redirects above this layer. Below [`ReqwestService`] of any other reqwest client,
    /// nothing is sent.
    ///
    /// ```
    /// use tracing_core_lite::propagation::boundary::{OutboundBoundary, OutboundPolicy};
    /// use tracing_http::client::ClientLayer;
    ///
    /// let boundary = OutboundBoundary::new(OutboundPolicy::Everything)
    ///     .with_partner("*.cards.example", "card-processor", OutboundPolicy::Pseudonym)
    ///     .with_only(["*.shop.internal", "*.cards.example"]);
    /// let layer = ClientLayer::new().with_outbound_boundary(boundary);
    /// ```
    ///
    /// [`ReqwestService`]: https://docs.rs/tracing-http/latest/tracing_http/reqwest/struct.ReqwestService.html
    #[must_use]
    pub fn with_outbound_boundary(self, boundary: OutboundBoundary) -> Self {
        self.set(|config| config.outbound = Some(Arc::new(boundary)))
    }

    /// Returns a layer for a client that may follow redirects with the headers that it gets.
    #[cfg(feature = "reqwest")]
    pub(crate) fn above_redirects(self) -> Self {
        self.set(|config| config.may_redirect = true)
    }

    /// Returns whether requests carry different things to different hosts.
    #[cfg(feature = "reqwest")]
    pub(crate) fn has_boundary(&self) -> bool {
        self.config.outbound.is_some()
    }

    /// Sets whether to record the name of [`with_peer_service`](Self::with_peer_service) as the deprecated `peer.service`
    /// too, for tools that know only this name; `false` by default.
    #[must_use]
    pub fn with_deprecated_peer_service(self, record: bool) -> Self {
        self.set(|config| config.deprecated_peer_service = record)
    }

    /// Sets the methods that are recorded under their own names; by default those of RFC 9110, PATCH and QUERY. Case
    /// matters. Others become `_OTHER`, and the names of their spans begin with `HTTP`.
    #[must_use]
    pub fn with_known_methods<M: Into<String>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        self.set(|config| config.common.set_known_methods(methods))
    }

    /// Sets the query keys whose values are redacted; [`SecretKeys::default`] by default.
    #[must_use]
    pub fn with_secret_query_keys(self, keys: SecretKeys) -> Self {
        self.set(|config| config.common.secret_keys = keys)
    }

    /// Records these headers of requests as `http.request.header.<name>`; none by default. May be called repeatedly.
    ///
    /// Headers that carry credentials are left out. URLs in headers such as `referer` are redacted.
    #[must_use]
    pub fn with_captured_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.common.capture_request_headers(names))
    }

    /// Records these headers of responses as `http.response.header.<name>`; none by default. May be called repeatedly.
    ///
    /// Headers that carry credentials are left out. URLs in headers such as `location` are redacted.
    #[must_use]
    pub fn with_captured_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.common.capture_response_headers(names))
    }

    /// Sets whether to record body sizes in bytes; `false` by default. `http.request.body.size` is the length that the
    /// request announces, and `http.response.body.size` is counted.
    #[must_use]
    pub fn with_body_sizes(self, record: bool) -> Self {
        self.set(|config| config.common.body_sizes = record)
    }

    /// Measures `http.client.request.duration`, in seconds, with the OpenTelemetry API's global meter provider at the time
    /// of this call; not measured by default.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        let meter = opentelemetry::global::meter_with_scope(crate::scope::scope());
        self.with_meter(&meter)
    }

    /// Measures `http.client.request.duration`, in seconds, with `meter`. A request counts when it has ended, in whichever
    /// way.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
        self.set(|config| config.common.metrics = Some(crate::record::metrics::of_client(meter)))
    }
}
