//! What pool, connections and transactions of one database have in common.

use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "metrics")]
use std::time::Instant;

use sqlx_core::connection::Connection;
use tracing_core_lite::layer_support::PreparedAttributes;
use tracing_core_lite::{Recorder, Tracer, Value};

use crate::conventions::Conventions;
use crate::database::{Endpoint, TracedDatabase};
#[cfg(feature = "metrics")]
use crate::metrics::Metrics;
use crate::sanitize::Dialect;
use crate::semconv::{NAMESPACE, POOL_NAME, SERVER_ADDRESS, SERVER_PORT, SYSTEM_NAME, scope};

/// A wait for a connection that is shorter has no span of its own.
const WAIT_THRESHOLD: Duration = Duration::from_millis(1);

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) tracer: Tracer,
    pub(crate) dialect: Dialect,
    pub(crate) system_name: &'static str,
    pub(crate) endpoint: Endpoint,
    /// The name of spans whose operation is not known.
    pub(crate) span_name: String,
    pub(crate) pool_name: Option<String>,
    pub(crate) conventions: Conventions,
    pub(crate) wait_threshold: Duration,
    pub(crate) records_text: bool,
    pub(crate) has_events: bool,
    pub(crate) has_comments: bool,
    /// What every span has.
    attributes: PreparedAttributes,
    #[cfg(feature = "metrics")]
    pub(crate) metrics: Option<Metrics>,
}

impl Site {
    pub(crate) fn new<DB: TracedDatabase>(endpoint: Endpoint) -> Self {
        let mut site = Self {
            tracer: Tracer::global(scope()),
            dialect: DB::DIALECT,
            system_name: DB::SYSTEM_NAME,
            span_name: endpoint.span_name(DB::SYSTEM_NAME),
            endpoint,
            pool_name: None,
            conventions: Conventions::from_env(),
            wait_threshold: WAIT_THRESHOLD,
            records_text: true,
            has_events: true,
            has_comments: false,
            attributes: PreparedAttributes::new(),
            #[cfg(feature = "metrics")]
            metrics: None,
        };
        site.prepare();
        site
    }

    pub(crate) fn of_options<DB: TracedDatabase>(options: &<DB::Connection as Connection>::Options) -> Self {
        Self::new::<DB>(DB::endpoint(options))
    }

    pub(crate) fn set_system_name(&mut self, system_name: &'static str) {
        self.system_name = system_name;
        self.span_name = self.endpoint.span_name(system_name);
    }

    pub(crate) fn set_endpoint(&mut self, endpoint: Endpoint) {
        self.span_name = endpoint.span_name(self.system_name);
        self.endpoint = endpoint;
    }

    /// The pool's name, or where it leads to (semantic conventions, `db.client.connection.pool.name`).
    #[cfg(feature = "metrics")]
    pub(crate) fn pool_name(&self) -> String {
        self.pool_name.clone().unwrap_or_else(|| self.span_name.clone())
    }

    /// When something begins that is measured, if it is.
    #[cfg(feature = "metrics")]
    pub(crate) fn stopwatch(&self) -> Option<Instant> {
        self.metrics.is_some().then(Instant::now)
    }

    /// Notes how long a connection was waited for.
    #[cfg(feature = "metrics")]
    pub(crate) fn waited(&self, stopwatch: Option<Instant>) {
        if let (Some(metrics), Some(since)) = (&self.metrics, stopwatch) {
            metrics.record_wait(since.elapsed());
        }
    }

    /// Changes what is shared, and what follows from it.
    pub(crate) fn change(site: &mut Arc<Self>, change: impl FnOnce(&mut Self)) {
        let site = Arc::make_mut(site);
        change(site);
        site.prepare();
    }

    fn prepare(&mut self) {
        let mut attributes = PreparedAttributes::new();
        let mut set = |name, value: Option<Value<'_>>| {
            for key in self.conventions.keys(name) {
                attributes.set_some(key, value);
            }
        };
        set(SYSTEM_NAME, Some(self.system_name.into()));
        set(NAMESPACE, self.endpoint.namespace.as_deref().map(Value::from));
        set(SERVER_ADDRESS, self.endpoint.address.as_deref().map(Value::from));
        set(SERVER_PORT, self.endpoint.port.map(Value::from));
        set(POOL_NAME, self.pool_name.as_deref().map(Value::from));
        self.attributes = attributes;
    }

    /// Sets what every span has.
    #[inline]
    pub(crate) fn record(&self, span: &mut Recorder<'_>) {
        span.set_prepared(&self.attributes);
    }
}
