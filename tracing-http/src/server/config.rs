//! What a server layer was told.

use http::HeaderName;
use tracing_core_lite::Tracer;
use tracing_core_lite::layer_support::CapturedHeaders;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::redact::SecretKeys;

use super::route::RouteFinder;
use super::trusted_proxies::TrustedProxies;
use crate::known_methods::KnownMethods;
use crate::scope::scope;

/// Everything but the hooks; shared by all clones of the service.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(super) tracer: Tracer,
    pub(super) propagator: Propagator,
    pub(super) known_methods: KnownMethods,
    pub(super) secret_keys: SecretKeys,
    pub(super) request_headers: CapturedHeaders,
    pub(super) response_headers: CapturedHeaders,
    pub(super) proxies: Option<TrustedProxies>,
    pub(super) scheme: Option<&'static str>,
    pub(super) client_port: bool,
    pub(super) body_sizes: bool,
    pub(super) parameterize: bool,
    pub(super) route_finder: Option<RouteFinder>,
    pub(super) trace_id_header: Option<HeaderName>,
    pub(super) trace_response: bool,
    #[cfg(feature = "metrics")]
    pub(super) metrics: Option<super::metrics::Metrics>,
}

impl Config {
    /// Whether requests are measured, recorded or not.
    pub(super) fn is_measured(&self) -> bool {
        #[cfg(feature = "metrics")]
        return self.metrics.is_some();
        #[cfg(not(feature = "metrics"))]
        return false;
    }

    /// Whether there is anything to do when the head of a response is there.
    pub(super) fn wants_response(&self) -> bool {
        !self.response_headers.is_empty() || self.trace_id_header.is_some() || self.trace_response
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tracer: Tracer::global(scope()),
            propagator: Propagator::global(),
            known_methods: KnownMethods::from_env(),
            secret_keys: SecretKeys::default(),
            request_headers: CapturedHeaders::default(),
            response_headers: CapturedHeaders::default(),
            proxies: None,
            scheme: None,
            client_port: false,
            body_sizes: false,
            parameterize: false,
            route_finder: None,
            trace_id_header: None,
            trace_response: false,
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }
}
