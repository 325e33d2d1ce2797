//! The settings of a traced pool.

use std::sync::Arc;
use std::time::Duration;

use tracing_core_lite::database::{Conventions, Endpoint};
use tracing_core_lite::{Tracer, TracerProvider};

use super::TracedPool;
#[cfg(feature = "sqlite")]
use crate::config::sqlite_settings;
use crate::config::{Config, common_settings};
use crate::database::TracedDatabase;
#[cfg(feature = "sqlite")]
use crate::sanitize::Dialect;

impl<DB: TracedDatabase> TracedPool<DB> {
    common_settings!();

    fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        Config::change(&mut Arc::make_mut(&mut self.shared).config, change);
        self
    }

    /// Sets the name of the pool (`db.client.connection.pool.name`), for programs with several pools. Not recorded by default.
    #[must_use]
    pub fn with_pool_name(self, name: impl Into<String>) -> Self {
        self.set(|config| config.change_client(|client| client.with_pool_name(name)))
    }

    /// Sets the shortest wait on [`acquire`](TracedPool::acquire) that has a span. The default is 1 ms.
    #[must_use]
    pub fn with_wait_threshold(self, threshold: Duration) -> Self {
        self.set(|config| config.wait_threshold = threshold)
    }

    /// Measures `db.client.operation.duration` and `db.client.connection.wait_time`, `.count`, `.max` and `.idle.min` with
    /// `meter`.
    ///
    /// Call this last, because it reads the names of the pool and the database. The instruments keep the pool alive as
    /// long as the meter's provider.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
        let pool_name = self.config().client.pool_name();
        let metrics = crate::record::PoolMetrics::new(meter, self.inner(), pool_name);
        self.set(|config| {
            config.pool_metrics = Some(metrics);
            config.change_client(|client| client.with_meter(meter));
        })
    }

    /// Like [`with_meter`](TracedPool::with_meter), with the meter provider that is set for the OpenTelemetry API at
    /// the time of this call.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        let meter = opentelemetry::global::meter_with_scope(crate::record::names::scope());
        self.with_meter(&meter)
    }
}

#[cfg(feature = "sqlite")]
impl TracedPool<sqlx_sqlite::Sqlite> {
    sqlite_settings!();
}
