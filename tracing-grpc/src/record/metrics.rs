//! `rpc.server.call.duration` and `rpc.client.call.duration`.

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use opentelemetry::trace::SpanContext;
use tracing_core_lite::net::HostPort;
use tracing_core_lite::tower::{self, CallMetrics};

use super::code;
use super::ending::{Ending, Side};
use super::semconv::{ERROR_TYPE, GRPC, METHOD, OTHER, SERVER_ADDRESS, SERVER_PORT, STATUS_CODE, SYSTEM};

/// Creates the instrument of one side.
pub(crate) fn of_side(side: Side, meter: &Meter) -> CallMetrics {
    match side {
        Side::Server => {
            CallMetrics::new(meter, "rpc.server.call.duration", "Measures the duration of an incoming RPC.")
        }
        Side::Client => {
            CallMetrics::new(meter, "rpc.client.call.duration", "Measures the duration of an outgoing RPC.")
        }
    }
}

/// A call that is being measured.
#[derive(Debug)]
pub(crate) struct Measurement {
    inner: tower::Measurement,
    method: Option<String>,
    server: Option<(String, Option<u16>)>,
}

impl Measurement {
    /// Starts to measure. A server's own address is left out, because callers can choose it freely.
    pub(crate) fn start(
        metrics: &CallMetrics,
        side: Side,
        method: Option<&str>,
        server: Option<HostPort<'_>>,
    ) -> Self {
        let server = server.filter(|_| side.is_client());
        Self {
            inner: metrics.start(vec![KeyValue::new(SYSTEM, GRPC)]),
            method: method.map(str::to_owned),
            server: server.map(|server| (server.host.to_owned(), server.port)),
        }
    }

    /// Counts the call as one of an unknown method.
    pub(super) fn set_unknown_method(&mut self) {
        self.method = None;
    }

    /// Records the duration of the call, whose span has the context `span_context`.
    pub(super) fn end(self, ending: &Ending, span_context: Option<&SpanContext>) {
        let mut attributes = Vec::with_capacity(5);
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
        self.inner.end(attributes, span_context);
    }
}
