//! `http.server.request.duration` and `http.server.active_requests`.

use std::time::Instant;

use http::StatusCode;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, UpDownCounter};

use crate::head::RequestHead;
use crate::semconv::{
    ERROR_TYPE, METHOD, PROTOCOL_VERSION, ROUTE, STATUS_CODE, URL_SCHEME, protocol_version,
};

/// Seconds (semantic conventions for HTTP metrics, `http.server.request.duration`).
const DURATION_BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The instruments.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram("http.server.request.duration")
                .with_description("Duration of HTTP server requests.")
                .with_unit("s")
                .with_boundaries(DURATION_BOUNDARIES.to_vec())
                .build(),
            active: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_description("Number of active HTTP server requests.")
                .with_unit("{request}")
                .build(),
        }
    }

    /// Counts a request as active until its measurement ends.
    pub(crate) fn start(
        &self,
        request: &RequestHead<'_>,
        method: &str,
        scheme: &'static str,
        route: Option<&str>,
    ) -> Measurement {
        let common = [KeyValue::new(METHOD, method.to_owned()), KeyValue::new(URL_SCHEME, scheme)];
        self.active.add(1, &common);
        let mut measurement = Measurement {
            metrics: self.clone(),
            common,
            start: Instant::now(),
            protocol_version: protocol_version(request.version()),
            route: None,
        };
        if let Some(route) = route {
            measurement.route(route);
        }
        measurement
    }
}

/// One request that is being measured.
#[derive(Debug)]
pub(crate) struct Measurement {
    metrics: Metrics,
    common: [KeyValue; 2],
    start: Instant,
    protocol_version: Option<&'static str>,
    route: Option<String>,
}

impl Measurement {
    /// Sets the route.
    pub(crate) fn route(&mut self, route: &str) {
        self.route = Some(route.to_owned());
    }

    /// Records the request; it is no longer active.
    pub(crate) fn end(self, status: Option<StatusCode>, error_type: Option<&str>) {
        let Self { metrics, common, start, protocol_version, route } = self;
        metrics.active.add(-1, &common);
        let mut attributes = Vec::with_capacity(6);
        attributes.extend(common);
        attributes.extend(protocol_version.map(|version| KeyValue::new(PROTOCOL_VERSION, version)));
        attributes.extend(route.map(|route| KeyValue::new(ROUTE, route)));
        attributes.extend(status.map(|status| KeyValue::new(STATUS_CODE, i64::from(status.as_u16()))));
        attributes.extend(error_type.map(|class| KeyValue::new(ERROR_TYPE, class.to_owned())));
        metrics.duration.record(start.elapsed().as_secs_f64(), &attributes);
    }
}
