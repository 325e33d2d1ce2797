//! `db.client.operation.duration` (semantic conventions v1.44.0, database client metrics).

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use opentelemetry::trace::SpanContext;

use super::attribute::{
    COLLECTION_NAME, ERROR_TYPE, NAMESPACE, OPERATION_NAME, QUERY_SUMMARY, SERVER_ADDRESS, SERVER_PORT,
    STATUS_CODE, SYSTEM_NAME,
};
use super::{Command, Ending, Endpoint};
use crate::exemplars::DurationHistogram;

/// The bounds of histograms of durations, in seconds.
pub(super) const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// The instrument of one client.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    duration: DurationHistogram,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let description = "Duration of database client operations.";
        Self {
            duration: DurationHistogram::new(
                meter,
                "db.client.operation.duration",
                Some(description),
                &BOUNDS,
            ),
        }
    }

    pub(super) fn start(
        &self,
        system: &'static str,
        endpoint: &Endpoint,
        command: &Command<'_>,
    ) -> Measurement {
        let mut attributes = Vec::with_capacity(9);
        attributes.push(KeyValue::new(SYSTEM_NAME.stable, system));
        let mut add = |key, value: Option<&str>| {
            attributes.extend(value.map(|value| KeyValue::new(key, value.to_owned())));
        };
        add(NAMESPACE.stable, command.namespace.or(endpoint.namespace.as_deref()));
        add(QUERY_SUMMARY.stable, command.summary);
        add(OPERATION_NAME.stable, command.operation);
        add(COLLECTION_NAME.stable, command.collection);
        add(SERVER_ADDRESS.stable, endpoint.address.as_deref());
        attributes.extend(endpoint.port.map(|port| KeyValue::new(SERVER_PORT.stable, i64::from(port))));
        Measurement { duration: self.duration.clone(), start: Instant::now(), attributes }
    }
}

/// One command that is being measured.
#[derive(Debug)]
pub(super) struct Measurement {
    duration: DurationHistogram,
    start: Instant,
    attributes: Vec<KeyValue>,
}

impl Measurement {
    pub(super) fn end(self, ending: &Ending<'_>, span_context: &SpanContext) {
        let Self { duration, start, mut attributes } = self;
        let mut add = |key, value: Option<&str>| {
            attributes.extend(value.map(|value| KeyValue::new(key, value.to_owned())));
        };
        add(ERROR_TYPE, ending.error_type());
        if let Ending::Failed(failure) = ending {
            add(STATUS_CODE.stable, failure.status_code);
        }
        duration.record(start.elapsed(), &attributes, Some(span_context));
    }
}
