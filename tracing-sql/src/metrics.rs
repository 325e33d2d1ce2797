//! The metrics of the conventions, through the OpenTelemetry metrics API.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use sqlx_core::pool::Pool;

use crate::database::TracedDatabase;
use crate::semconv::{
    NAMESPACE, POOL_NAME, QUERY_SUMMARY, SERVER_ADDRESS, SERVER_PORT, SYSTEM_NAME, WAIT_TIME,
};
use crate::site::Site;

/// Bounds of the histograms of durations, in seconds (semantic conventions, database client metrics).
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// The instruments of one pool.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    wait_time: Histogram<f64>,
    pool: Vec<KeyValue>,
}

impl Metrics {
    pub(crate) fn new<DB: TracedDatabase>(meter: &Meter, pool: &Pool<DB>, site: &Site) -> Self {
        let histogram =
            |name| meter.f64_histogram(name).with_unit("s").with_boundaries(BOUNDS.to_vec()).build();
        let attributes = vec![KeyValue::new(POOL_NAME.stable, site.pool_name())];
        observe_connections(meter, pool.clone(), &attributes);
        Self {
            duration: histogram("db.client.operation.duration"),
            wait_time: histogram(WAIT_TIME),
            pool: attributes,
        }
    }

    /// Records the duration of an operation.
    pub(crate) fn record(&self, site: &Site, summary: &str, error: Option<&str>, duration: Duration) {
        let mut attributes = vec![KeyValue::new(SYSTEM_NAME.stable, site.system_name)];
        let mut add = |key, value: Option<&str>| {
            attributes.extend(value.map(|value| KeyValue::new(key, value.to_owned())));
        };
        add(NAMESPACE.stable, site.endpoint.namespace.as_deref());
        add(QUERY_SUMMARY.stable, Some(summary).filter(|summary| !summary.is_empty()));
        add(SERVER_ADDRESS.stable, site.endpoint.address.as_deref());
        add("error.type", error);
        attributes.extend(site.endpoint.port.map(|port| KeyValue::new(SERVER_PORT.stable, i64::from(port))));
        self.duration.record(duration.as_secs_f64(), &attributes);
    }

    /// Records how long a connection was waited for.
    pub(crate) fn record_wait(&self, waited: Duration) {
        self.wait_time.record(waited.as_secs_f64(), &self.pool);
    }
}

/// Reports connections in use, idle ones and their limits, whenever metrics are collected.
fn observe_connections<DB: TracedDatabase>(meter: &Meter, pool: Pool<DB>, attributes: &[KeyValue]) {
    let with_state = |state: &'static str| {
        let mut all = attributes.to_vec();
        all.push(KeyValue::new("db.client.connection.state", state));
        all
    };
    let (idle, used) = (with_state("idle"), with_state("used"));
    let counted = pool.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.count")
        .with_unit("{connection}")
        .with_callback(move |observer| {
            let idle_now = i64::try_from(counted.num_idle()).unwrap_or(i64::MAX);
            observer.observe(idle_now, &idle);
            observer.observe((i64::from(counted.size()) - idle_now).max(0), &used);
        })
        .build();
    let (limits, attributes) = (pool.options().clone(), attributes.to_vec());
    let max_attributes = attributes.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.max")
        .with_unit("{connection}")
        .with_callback(move |observer| {
            observer.observe(i64::from(limits.get_max_connections()), &max_attributes)
        })
        .build();
    let limits = pool.options().clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.idle.min")
        .with_unit("{connection}")
        .with_callback(move |observer| observer.observe(i64::from(limits.get_min_connections()), &attributes))
        .build();
}
