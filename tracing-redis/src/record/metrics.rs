//! The metric `db.client.operation.duration`.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::attribute::{NAMESPACE, OPERATION, REDIS, STATUS_CODE, SYSTEM};
use super::{ErrorClass, Server, namespace};

/// The bounds of the histogram, in seconds (semantic conventions v1.44.0, database client metrics).
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// The instrument.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("db.client.operation.duration")
            .with_description("Duration of database client operations.")
            .with_unit("s")
            .with_boundaries(BOUNDS.to_vec())
            .build();
        Self { duration }
    }

    pub(crate) fn start(&self, server: Option<&Server>, operation: &str, database: i64) -> Measurement {
        let mut attributes = Vec::with_capacity(7);
        attributes.push(KeyValue::new(SYSTEM, REDIS));
        attributes.push(KeyValue::new(OPERATION, operation.to_owned()));
        attributes.push(KeyValue::new(NAMESPACE, namespace(database).as_str().to_owned()));
        attributes.extend(server.into_iter().flat_map(Server::key_values));
        Measurement { duration: self.duration.clone(), start: Instant::now(), attributes }
    }
}

/// The measurement of one command.
#[derive(Debug)]
pub(crate) struct Measurement {
    duration: Histogram<f64>,
    start: Instant,
    attributes: Vec<KeyValue>,
}

impl Measurement {
    pub(crate) fn end(mut self, error: Option<ErrorClass<'_>>) {
        if let Some(error) = error {
            let code = error.status_code().map(|code| KeyValue::new(STATUS_CODE, code.to_owned()));
            self.attributes.extend(code);
            self.attributes.push(KeyValue::new("error.type", error.as_str().to_owned()));
        }
        self.duration.record(self.start.elapsed().as_secs_f64(), &self.attributes);
    }
}
