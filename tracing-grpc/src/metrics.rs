//! `rpc.server.call.duration` and `rpc.client.call.duration`.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use tracing_core_lite::net::HostPort;

use crate::code;
use crate::ending::{Ending, Side};
use crate::semconv::{ERROR_TYPE, GRPC, METHOD, OTHER, SERVER_ADDRESS, SERVER_PORT, STATUS_CODE, SYSTEM};

/// Seconds (semantic conventions for RPC metrics).
const DURATION_BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The instrument of one side.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    side: Side,
}

impl Metrics {
    pub(crate) fn new(side: Side, meter: &Meter) -> Self {
        let (name, description) = match side {
            Side::Server => ("rpc.server.call.duration", "Measures the duration of an incoming RPC."),
            Side::Client => ("rpc.client.call.duration", "Measures the duration of an outgoing RPC."),
        };
        let duration = meter
            .f64_histogram(name)
            .with_description(description)
            .with_unit("s")
            .with_boundaries(DURATION_BOUNDARIES.to_vec())
            .build();
        Self { duration, side }
    }

    /// Begins to measure. A server's own address is left out: whoever calls can write what it likes there.
    pub(crate) fn start(&self, method: Option<&str>, server: Option<HostPort<'_>>) -> Measurement {
        let server = server.filter(|_| self.side.is_client());
        Measurement {
            duration: self.duration.clone(),
            start: Instant::now(),
            method: method.map(str::to_owned),
            server: server.map(|server| (server.host.to_owned(), server.port)),
        }
    }
}

/// One call that is being measured.
#[derive(Debug)]
pub(crate) struct Measurement {
    duration: Histogram<f64>,
    start: Instant,
    method: Option<String>,
    server: Option<(String, Option<u16>)>,
}

impl Measurement {
    /// Counts the call as one of an unknown method.
    pub(crate) fn method_is_unknown(&mut self) {
        self.method = None;
    }

    /// Records the call.
    pub(crate) fn end(self, ending: &Ending) {
        let mut attributes = Vec::with_capacity(6);
        attributes.push(KeyValue::new(SYSTEM, GRPC));
        attributes.push(match self.method {
            Some(method) => KeyValue::new(METHOD, method),
            None => KeyValue::new(METHOD, OTHER),
        });
        attributes.push(KeyValue::new(STATUS_CODE, code::name(ending.code)));
        attributes.extend(ending.error_type().map(|class| KeyValue::new(ERROR_TYPE, class)));
        if let Some((host, port)) = self.server {
            attributes.push(KeyValue::new(SERVER_ADDRESS, host));
            attributes.extend(port.map(|port| KeyValue::new(SERVER_PORT, i64::from(port))));
        }
        self.duration.record(self.start.elapsed().as_secs_f64(), &attributes);
    }
}
