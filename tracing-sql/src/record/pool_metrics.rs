//! The metrics of a pool (semantic conventions v1.44.0, database client metrics).

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use opentelemetry::trace::TraceContextExt;
use sqlx_core::pool::Pool;
use tracing_core_lite::Context;
use tracing_core_lite::database::attribute::POOL_NAME;
use tracing_core_lite::layer_support::DurationHistogram;

use crate::database::TracedDatabase;

/// The bounds of the histogram, in seconds.
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// The instruments of one pool.
#[derive(Debug, Clone)]
pub(crate) struct PoolMetrics {
    wait_time: DurationHistogram,
    attributes: Vec<KeyValue>,
}

impl PoolMetrics {
    pub(crate) fn new<DB: TracedDatabase>(meter: &Meter, pool: &Pool<DB>, pool_name: &str) -> Self {
        let wait_time = DurationHistogram::new(meter, "db.client.connection.wait_time", None, &BOUNDS);
        let attributes = vec![KeyValue::new(POOL_NAME.stable, pool_name.to_owned())];
        observe_connections(meter, pool.clone(), &attributes);
        Self { wait_time, attributes }
    }

    /// Records the time of a wait for a connection.
    pub(crate) fn record_wait(&self, waited: Duration) {
        Context::map_current(|context| {
            self.wait_time.record(waited, &self.attributes, Some(context.span().span_context()));
        });
    }
}

/// Reports the used and the idle connections and their limits whenever metrics are collected.
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
