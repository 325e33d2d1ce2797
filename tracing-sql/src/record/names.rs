//! The names of events, and the scope of all spans and metrics.

use tracing_core_lite::InstrumentationScope;

/// The event at the time when there was a connection for the query.
pub(crate) const CONNECTION_ACQUIRED: &str = "connection_acquired";
/// The event at the time when the database had answered.
pub(crate) const QUERY_EXECUTED: &str = "query_executed";

/// Returns the instrumentation scope of all spans and metrics of this crate.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tracing-sql")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build()
}
