//! `db.client.operation.duration`.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::config::{Config, namespace};
use super::error_class::ErrorClass;
use crate::semconv::db::{NAMESPACE, OPERATION, REDIS, SERVER_ADDRESS, SERVER_PORT, STATUS_CODE, SYSTEM};

/// Seconds (semantic conventions for database metrics, `db.client.operation.duration`).
const BOUNDARIES: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// The instrument.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    duration: Histogram<f64>,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("db.client.operation.duration")
            .with_description("Duration of database client operations.")
            .with_unit("s")
            .with_boundaries(BOUNDARIES.to_vec())
            .build();
        Self { duration }
    }

    pub(super) fn start(&self, config: &Config, operation: &str, database: i64) -> Measurement {
        let mut attributes = Vec::with_capacity(7);
        attributes.push(KeyValue::new(SYSTEM, REDIS));
        attributes.push(KeyValue::new(OPERATION, operation.to_owned()));
        attributes.push(KeyValue::new(NAMESPACE, namespace(database).as_str().to_owned()));
        if let Some(server) = &config.server {
            attributes.push(KeyValue::new(SERVER_ADDRESS, server.address.clone()));
            attributes.extend(server.port.map(|port| KeyValue::new(SERVER_PORT, i64::from(port))));
        }
        Measurement { duration: self.duration.clone(), start: Instant::now(), attributes }
    }
}

/// One command that is being measured.
#[derive(Debug)]
pub(super) struct Measurement {
    duration: Histogram<f64>,
    start: Instant,
    attributes: Vec<KeyValue>,
}

impl Measurement {
    pub(super) fn end(mut self, error: Option<ErrorClass<'_>>) {
        if let Some(error) = error {
            if let ErrorClass::Server(code) = error {
                self.attributes.push(KeyValue::new(STATUS_CODE, code.to_owned()));
            }
            self.attributes.push(KeyValue::new("error.type", error.as_str().to_owned()));
        }
        self.duration.record(self.start.elapsed().as_secs_f64(), &self.attributes);
    }
}
