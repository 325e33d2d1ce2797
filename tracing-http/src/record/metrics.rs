//! `http.server.request.duration`, `http.server.active_requests` and `http.client.request.duration`.

use http::StatusCode;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use opentelemetry::trace::SpanContext;
use tracing_core_lite::tower::{self, CallMetrics};

use super::semconv::{
    ERROR_TYPE, METHOD, PROTOCOL_VERSION, ROUTE, STATUS_CODE, URL_SCHEME, protocol_version,
};
#[cfg(feature = "client")]
use super::semconv::{SERVER_ADDRESS, SERVER_PORT};
use crate::head::RequestHead;

/// Creates the instruments of a server layer.
#[cfg(feature = "server")]
pub(crate) fn of_server(meter: &Meter) -> CallMetrics {
    CallMetrics::new(meter, "http.server.request.duration", "Duration of HTTP server requests.").with_active(
        meter,
        "http.server.active_requests",
        "Number of active HTTP server requests.",
    )
}

/// Creates the instrument of a client layer.
#[cfg(feature = "client")]
pub(crate) fn of_client(meter: &Meter) -> CallMetrics {
    CallMetrics::new(meter, "http.client.request.duration", "Duration of HTTP client requests.")
}

/// A request that is being measured.
#[derive(Debug)]
pub(crate) struct Measurement {
    inner: tower::Measurement,
    protocol_version: Option<&'static str>,
    /// The route of a server's request.
    route: Option<String>,
}

impl Measurement {
    #[cfg(feature = "server")]
    pub(crate) fn of_server(
        metrics: &CallMetrics,
        request: &RequestHead<'_>,
        method: &str,
        scheme: &'static str,
        route: Option<&str>,
    ) -> Self {
        let common = vec![KeyValue::new(METHOD, method.to_owned()), KeyValue::new(URL_SCHEME, scheme)];
        Self {
            inner: metrics.start(common),
            protocol_version: protocol_version(request.version()),
            route: route.map(str::to_owned),
        }
    }

    #[cfg(feature = "client")]
    pub(crate) fn of_client(metrics: &CallMetrics, method: &str, host: Option<(&str, Option<u16>)>) -> Self {
        let mut common = vec![KeyValue::new(METHOD, method.to_owned())];
        if let Some((host, port)) = host {
            common.push(KeyValue::new(SERVER_ADDRESS, host.to_owned()));
            common.extend(port.map(|port| KeyValue::new(SERVER_PORT, i64::from(port))));
        }
        Self { inner: metrics.start(common), protocol_version: None, route: None }
    }

    /// Sets a route that is known only after routing.
    #[cfg(feature = "server")]
    pub(crate) fn set_route(&mut self, route: &str) {
        self.route = Some(route.to_owned());
    }

    /// Sets the version of a client's response.
    #[cfg(feature = "client")]
    pub(crate) fn set_version(&mut self, version: http::Version) {
        self.protocol_version = protocol_version(version);
    }

    /// Records the duration of the request, whose span has the context `span_context`.
    pub(crate) fn end(
        self,
        status: Option<StatusCode>,
        error_type: Option<&str>,
        span_context: Option<&SpanContext>,
    ) {
        let version = self.protocol_version.map(|version| KeyValue::new(PROTOCOL_VERSION, version));
        let route = self.route.map(|route| KeyValue::new(ROUTE, route));
        let status = status.map(|status| KeyValue::new(STATUS_CODE, i64::from(status.as_u16())));
        let error = error_type.map(|class| KeyValue::new(ERROR_TYPE, class.to_owned()));
        self.inner.end([version, route, status, error].into_iter().flatten(), span_context);
    }
}
