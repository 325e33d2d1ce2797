//! The settings of a server layer.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderName;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::propagation::boundary::InboundBoundary;
use tracing_core_lite::redact::SecretKeys;

use super::config::ServerConfig;
use super::layer::ServerLayerFor;
use super::route::RouteFinder;
use super::trusted_proxies::TrustedProxies;
use crate::head::RequestHead;

/// Settings.
impl<W, F, Q, P> ServerLayerFor<W, F, Q, P> {
    fn set(mut self, change: impl FnOnce(&mut ServerConfig)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Records with `provider` and uses its propagator, whichever provider is installed.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        self.set(|config| config.common.set_provider(provider))
    }

    /// Sets which headers carry the caller's context; by default those of the provider's propagator. Call this after
    /// [`with_provider`](Self::with_provider).
    #[must_use]
    pub fn with_propagator(self, propagator: Propagator) -> Self {
        self.set(|config| config.common.set_propagator(propagator))
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
    /// Headers that carry credentials, such as `authorization` and `cookie`, are left out. URLs in headers such as
    /// `referer` are redacted.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().with_captured_request_headers([HeaderName::from_static("x-tenant")]);
    /// ```
    #[must_use]
    pub fn with_captured_request_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.common.capture_request_headers(names))
    }

    /// Records these headers of responses as `http.response.header.<name>`; none by default. May be called repeatedly.
    ///
    /// Headers that carry credentials, such as `set-cookie`, are left out. URLs in headers such as `location` are
    /// redacted.
    #[must_use]
    pub fn with_captured_response_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|config| config.common.capture_response_headers(names))
    }

    /// Records these headers of requests, even if they carry credentials. Everyone who can read the traces can then read
    /// them.
    ///
    /// A provider of this suite also redacts such values before export. To send them, allow their keys with
    /// [`Redaction::with_allowed_key`](tracing_core_lite::redaction::Redaction::with_allowed_key).
    #[must_use]
    pub fn with_captured_request_headers_and_credentials(
        self,
        names: impl IntoIterator<Item = HeaderName>,
    ) -> Self {
        self.set(|config| config.common.capture_any_request_headers(names))
    }

    /// Records these headers of responses, even if they carry credentials. Everyone who can read the traces can then read
    /// them.
    ///
    /// A provider of this suite also redacts such values before export. To send them, allow their keys with
    /// [`Redaction::with_allowed_key`](tracing_core_lite::redaction::Redaction::with_allowed_key).
    #[must_use]
    pub fn with_captured_response_headers_and_credentials(
        self,
        names: impl IntoIterator<Item = HeaderName>,
    ) -> Self {
        self.set(|config| config.common.capture_any_response_headers(names))
    }

    /// Trusts these proxies about client address, host and scheme; none by default.
    #[must_use]
    pub fn with_trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.set(|config| config.proxies = Some(proxies))
    }

    /// Sets `url.scheme` for requests whose URI has none, as in HTTP/1; `http` by default. The scheme that a trusted
    /// proxy names takes precedence.
    #[must_use]
    pub fn with_scheme(self, scheme: &'static str) -> Self {
        self.set(|config| config.scheme = Some(scheme))
    }

    /// Sets whether to record `client.port`, which is optional in the conventions; `false` by default.
    #[must_use]
    pub fn with_client_port(self, record: bool) -> Self {
        self.set(|config| config.client_port = record)
    }

    /// Sets whether to record body sizes in bytes; `false` by default. `http.request.body.size` is the length that the
    /// request announces, and `http.response.body.size` is counted.
    #[must_use]
    pub fn with_body_sizes(self, record: bool) -> Self {
        self.set(|config| config.common.body_sizes = record)
    }

    /// Sets whether spans without a route are named after their path, with numbers, UUIDs, hexadecimal ids and long
    /// tokens replaced by `{id}`; `false` by default.
    ///
    /// Clients can still create any number of names by requesting arbitrary words. Use this for services whose router
    /// cannot be asked. `http.route` stays unset, as the conventions require.
    #[must_use]
    pub fn with_parameterized_paths(self, parameterize: bool) -> Self {
        self.set(|config| config.parameterize = parameterize)
    }

    /// Asks `find` for the route of requests that have neither the extension [`Route`](super::Route) nor axum's
    /// `MatchedPath`.
    ///
    /// ```
    /// use tracing_http::server::ServerLayer;
    ///
    /// let layer = ServerLayer::new().with_route_finder(|request| {
    ///     request.uri().path().starts_with("/static/").then(|| "/static/{file}".into())
    /// });
    /// ```
    #[must_use]
    pub fn with_route_finder(
        self,
        find: impl for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        self.set(|config| config.route_finder = Some(RouteFinder::new(find)))
    }

    /// Adds the trace id to every response, as 32 hexadecimal digits in a header such as `x-trace-id`; not added by
    /// default.
    #[must_use]
    pub fn with_trace_id_header(self, name: HeaderName) -> Self {
        self.set(|config| config.trace_id_header = Some(name))
    }

    /// Sets whether to add the header `traceresponse` to every response; `false` by default. Source: W3C Trace Context
    /// Level 2, editors' draft, section "Traceresponse Header".
    #[must_use]
    pub fn with_trace_response_header(self, add: bool) -> Self {
        self.set(|config| config.trace_response = add)
    }

    /// Sets whether to add the trace to the header `server-timing` of every response, as `traceparent;desc="…"`, which scripts
    /// of a page can read; `false` by default. Timings that the service has set are kept. Source: W3C Server Timing, section
    /// "The Server-Timing Header Field".
    #[must_use]
    pub fn with_server_timing_header(self, add: bool) -> Self {
        self.set(|config| config.server_timing = add)
    }

    /// Sets which senders are trusted; all by default. A server that strangers can reach needs a boundary, or they decide what
    /// it records, and their baggage is sent on. See [`boundary`](tracing_core_lite::propagation::boundary).
    ///
    /// Rules about peers use the address of the connection, from axum's `ConnectInfo` or
    /// [`PeerAddress`](crate::PeerAddress). The host is that of the request's URI or of its `host` header.
    ///
    /// ```
    /// use tracing_core_lite::propagation::boundary::{InboundBoundary, InboundPolicy};
    /// use tracing_http::server::ServerLayer;
    ///
    /// let boundary = InboundBoundary::new(InboundPolicy::Public)
    ///     .with_peers(["10.0.0.0/8"], InboundPolicy::Trusted)?;
    /// let layer = ServerLayer::new().with_inbound_boundary(boundary);
    /// # Ok::<(), tracing_core_lite::net::NetworkError>(())
    /// ```
    #[must_use]
    pub fn with_inbound_boundary(self, boundary: InboundBoundary) -> Self {
        self.set(|config| config.inbound = Some(Arc::new(boundary)))
    }

    /// Measures `http.server.request.duration`, in seconds, and `http.server.active_requests` with the OpenTelemetry
    /// API's global meter provider at the time of this call; not measured by default.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        let meter = opentelemetry::global::meter_with_scope(crate::scope::scope());
        self.with_meter(&meter)
    }

    /// Measures `http.server.request.duration`, in seconds, and `http.server.active_requests` with `meter`. A request is
    /// active until its response has ended or it is cancelled.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
        self.set(|config| config.common.metrics = Some(crate::record::metrics::of_server(meter)))
    }
}
