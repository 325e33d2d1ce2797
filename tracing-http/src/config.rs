//! The settings that both layers have.

use http::HeaderName;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::layer_support::CapturedHeaders;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::redact::SecretKeys;
use tracing_core_lite::tower::Source;

use crate::record::known_methods::KnownMethods;
use crate::scope::scope;

const REQUEST_HEADER: &str = "http.request.header";
const RESPONSE_HEADER: &str = "http.response.header";

/// Settings of servers and clients.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) source: Source,
    pub(crate) known_methods: KnownMethods,
    pub(crate) secret_keys: SecretKeys,
    pub(crate) request_headers: CapturedHeaders,
    pub(crate) response_headers: CapturedHeaders,
    pub(crate) body_sizes: bool,
    #[cfg(feature = "metrics")]
    pub(crate) metrics: Option<tracing_core_lite::tower::CallMetrics>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            source: Source::installed(scope()),
            known_methods: KnownMethods::from_env(),
            secret_keys: SecretKeys::default(),
            request_headers: CapturedHeaders::default(),
            response_headers: CapturedHeaders::default(),
            body_sizes: false,
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }
}

impl Config {
    /// Returns whether requests are measured, recorded or not.
    #[inline]
    pub(crate) fn is_measured(&self) -> bool {
        #[cfg(feature = "metrics")]
        return self.metrics.is_some();
        #[cfg(not(feature = "metrics"))]
        return false;
    }

    pub(crate) fn set_provider(&mut self, provider: &TracerProvider) {
        self.source = Source::of_provider(provider, scope());
    }

    pub(crate) fn set_propagator(&mut self, propagator: Propagator) {
        self.source = self.source.clone().with_propagator(propagator);
    }

    pub(crate) fn set_known_methods<M: Into<String>>(&mut self, methods: impl IntoIterator<Item = M>) {
        self.known_methods = KnownMethods::only(methods.into_iter().map(Into::into));
    }

    pub(crate) fn capture_request_headers(&mut self, names: impl IntoIterator<Item = HeaderName>) {
        self.request_headers.add(REQUEST_HEADER, names);
    }

    pub(crate) fn capture_response_headers(&mut self, names: impl IntoIterator<Item = HeaderName>) {
        self.response_headers.add(RESPONSE_HEADER, names);
    }

    pub(crate) fn capture_any_request_headers(&mut self, names: impl IntoIterator<Item = HeaderName>) {
        self.request_headers.add_any(REQUEST_HEADER, names);
    }

    pub(crate) fn capture_any_response_headers(&mut self, names: impl IntoIterator<Item = HeaderName>) {
        self.response_headers.add_any(RESPONSE_HEADER, names);
    }
}
