//! The settings of a server layer.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderName;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::redact::SecretKeys;

use super::config::Config;
use super::layer::ServerLayer;
use super::route::RouteFinder;
use super::trusted_proxies::TrustedProxies;
use crate::head::RequestHead;
use crate::known_methods::KnownMethods;
use crate::scope::scope;

const REQUEST_HEADER: &str = "http.request.header";
const RESPONSE_HEADER: &str = "http.response.header";

/// Settings.
impl<F, Q, P, W> ServerLayer<F, Q, P, W> {
    fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Records and propagates with `provider`, whatever is installed.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        let tracer = provider.tracer_with_scope(scope());
        let propagator = provider.propagator().clone();
        self.set(|config| {
            config.tracer = tracer;
            config.propagator = propagator;
        })
    }

    /// Sets which headers bring the caller's context; [`Propagator::global`] by default.
    #[must_use]
    pub fn with_propagator(self, propagator: Propagator) -> Self {
        self.set(|config| config.propagator = propagator)
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

    /// Records these headers of requests as `http.request.header.<name>`; none by default.
    ///
    /// Headers that carry credentials, such as `authorization` and `cookie`, are passed over.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().capture_request_headers([HeaderName::from_static("x-tenant")]);
    /// ```
    #[must_use]
    pub fn capture_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.request_headers.add(REQUEST_HEADER, names))
    }

    /// Records these headers of responses as `http.response.header.<name>`; none by default.
    ///
    /// Headers that carry credentials, such as `set-cookie`, are passed over.
    #[must_use]
    pub fn capture_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.response_headers.add(RESPONSE_HEADER, names))
    }

    /// As [`capture_request_headers`](ServerLayer::capture_request_headers), and does not pass over credentials: they will
    /// be readable for everybody who sees the traces.
    #[must_use]
    pub fn capture_request_headers_with_credentials(
        self,
        names: impl IntoIterator<Item = HeaderName>,
    ) -> Self {
        self.set(|config| config.request_headers.add_any(REQUEST_HEADER, names))
    }

    /// As [`capture_response_headers`](ServerLayer::capture_response_headers), and does not pass over credentials: they
    /// will be readable for everybody who sees the traces.
    #[must_use]
    pub fn capture_response_headers_with_credentials(
        self,
        names: impl IntoIterator<Item = HeaderName>,
    ) -> Self {
        self.set(|config| config.response_headers.add_any(RESPONSE_HEADER, names))
    }

    /// Believes these proxies about client address, host and scheme; none by default.
    #[must_use]
    pub fn trust_proxies(self, proxies: TrustedProxies) -> Self {
        self.set(|config| config.proxies = Some(proxies))
    }

    /// Sets `url.scheme` for requests whose URI has none, as in HTTP/1; `http` by default. What a trusted proxy says comes
    /// first.
    #[must_use]
    pub fn scheme(self, scheme: &'static str) -> Self {
        self.set(|config| config.scheme = Some(scheme))
    }

    /// Records `client.port`, which the conventions leave to choice; not recorded by default.
    #[must_use]
    pub fn record_client_port(self, record: bool) -> Self {
        self.set(|config| config.client_port = record)
    }

    /// Records `http.request.body.size`, as far as the request announces it, and `http.response.body.size`, in bytes as
    /// counted here; not recorded by default.
    #[must_use]
    pub fn record_body_sizes(self, record: bool) -> Self {
        self.set(|config| config.body_sizes = record)
    }

    /// Names spans that have no route after their path with numbers, UUIDs, hexadecimal ids and long tokens replaced by
    /// `{id}`; off by default.
    ///
    /// Clients can still make up any number of names by asking for words that do not exist: this is for services whose
    /// router cannot be asked. `http.route` is not set, as the conventions demand.
    #[must_use]
    pub fn parameterize_paths(self, parameterize: bool) -> Self {
        self.set(|config| config.parameterize = parameterize)
    }

    /// Asks `find` for the route of requests that have neither the extension [`Route`](super::Route) nor axum's
    /// `MatchedPath`.
    ///
    /// ```
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().route_finder(|request| {
    ///     request.uri().path().starts_with("/static/").then(|| "/static/{file}".into())
    /// });
    /// ```
    #[must_use]
    pub fn route_finder(
        self,
        find: impl for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        self.set(|config| config.route_finder = Some(RouteFinder::new(find)))
    }

    /// Adds the trace id to every response, in 32 hexadecimal digits, in a header such as `x-trace-id`; none by default.
    #[must_use]
    pub fn trace_id_header(self, name: HeaderName) -> Self {
        self.set(|config| config.trace_id_header = Some(name))
    }

    /// Adds the header `traceresponse` to every response; not added by default. Source: W3C Trace Context Level 2, editors'
    /// draft, section "Traceresponse Header".
    #[must_use]
    pub fn trace_response_header(self, add: bool) -> Self {
        self.set(|config| config.trace_response = add)
    }

    /// Measures `http.server.request.duration` and `http.server.active_requests` with the meter provider that is set for
    /// the OpenTelemetry API when this is called; nothing is measured by default.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        let meter = opentelemetry::global::meter_with_scope(scope());
        self.with_meter(&meter)
    }

    /// Measures `http.server.request.duration` and `http.server.active_requests` with `meter`. Requests count until their
    /// bodies have ended, or until they are cancelled.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
        let metrics = super::metrics::Metrics::new(meter);
        self.set(|config| config.metrics = Some(metrics))
    }
}
