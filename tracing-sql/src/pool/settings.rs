//! What can be set of a traced pool.

use std::sync::Arc;
use std::time::Duration;

use tracing_core_lite::{Tracer, TracerProvider};

use super::TracedPool;
use crate::conventions::Conventions;
use crate::database::{Endpoint, TracedDatabase};
use crate::semconv::scope;
use crate::site::Site;

impl<DB: TracedDatabase> TracedPool<DB> {
    fn set(mut self, set: impl FnOnce(&mut Site)) -> Self {
        Site::change(&mut Arc::make_mut(&mut self.shared).site, set);
        self
    }

    /// Records into `provider`, in place of the one that is installed.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        self.with_tracer(provider.tracer_with_scope(scope()))
    }

    /// Records into spans of `tracer`.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer) -> Self {
        self.set(|site| site.tracer = tracer)
    }

    /// Sets `db.system.name`, such as `mariadb` or `cockroachdb`: sqlx takes them for MySQL and PostgreSQL.
    #[must_use]
    pub fn with_system_name(self, system_name: &'static str) -> Self {
        self.set(|site| site.set_system_name(system_name))
    }

    /// Sets where the pool leads to, in place of what its options say.
    #[must_use]
    pub fn with_endpoint(self, endpoint: Endpoint) -> Self {
        self.set(|site| site.set_endpoint(endpoint))
    }

    /// Names the pool, for programs that have several (`db.client.connection.pool.name`); without a name by default.
    #[must_use]
    pub fn with_pool_name(self, name: impl Into<String>) -> Self {
        self.set(|site| site.pool_name = Some(name.into()))
    }

    /// Sets which names attributes have; [from the environment](Conventions::from_env) by default.
    #[must_use]
    pub fn with_conventions(self, conventions: Conventions) -> Self {
        self.set(|site| site.conventions = conventions)
    }

    /// Sets from which wait on [`acquire`](TracedPool::acquire) has a span; 1 ms by default.
    #[must_use]
    pub fn with_wait_threshold(self, threshold: Duration) -> Self {
        self.set(|site| site.wait_threshold = threshold)
    }

    /// Whether the sanitized text is recorded (`db.query.text`); it is by default.
    #[must_use]
    pub fn with_query_text(self, recorded: bool) -> Self {
        self.set(|site| site.records_text = recorded)
    }

    /// Whether spans have the events `connection_acquired` and `query_executed`; they do by default.
    #[must_use]
    pub fn with_events(self, recorded: bool) -> Self {
        self.set(|site| site.has_events = recorded)
    }

    /// Whether `traceparent` is appended to texts as a comment (sqlcommenter), to be found in the database's own logs;
    /// not by default.
    ///
    /// Every such text is another one to the database: it is prepared for each execution, which is one more round trip for
    /// PostgreSQL and MySQL, and not kept in the connection's cache. A text that has a comment, and a statement that was
    /// prepared by the program, stay as they are.
    #[must_use]
    pub fn with_sqlcommenter(self, appended: bool) -> Self {
        self.set(|site| site.has_comments = appended)
    }

    /// Measures into `meter`: `db.client.operation.duration`, `db.client.connection.wait_time`, `.count`, `.max` and `.idle.min`.
    /// Set it last, as the names of pool and database are read now.
    ///
    /// The instruments hold the pool as long as the meter's provider lives.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self, meter: &opentelemetry::metrics::Meter) -> Self {
        let metrics = crate::metrics::Metrics::new(meter, self.inner(), self.site());
        self.set(|site| site.metrics = Some(metrics))
    }
}
