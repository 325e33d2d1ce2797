//! Names of the attributes, metrics and events (semantic conventions v1.44.0, database client spans).

use tracing_core_lite::InstrumentationScope;

/// An attribute: its stable name, and the one that it had before the conventions were stable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) stable: &'static str,
    pub(crate) old: Option<&'static str>,
}

const fn renamed(stable: &'static str, old: &'static str) -> Name {
    Name { stable, old: Some(old) }
}

const fn new(stable: &'static str) -> Name {
    Name { stable, old: None }
}

pub(crate) const SYSTEM_NAME: Name = renamed("db.system.name", "db.system");
pub(crate) const NAMESPACE: Name = renamed("db.namespace", "db.name");
pub(crate) const OPERATION_NAME: Name = renamed("db.operation.name", "db.operation");
pub(crate) const QUERY_TEXT: Name = renamed("db.query.text", "db.statement");
pub(crate) const QUERY_SUMMARY: Name = new("db.query.summary");
pub(crate) const BATCH_SIZE: Name = new("db.operation.batch.size");
pub(crate) const RETURNED_ROWS: Name = new("db.response.returned_rows");
pub(crate) const STATUS_CODE: Name = new("db.response.status_code");
pub(crate) const SERVER_ADDRESS: Name = renamed("server.address", "net.peer.name");
pub(crate) const SERVER_PORT: Name = renamed("server.port", "net.peer.port");
pub(crate) const POOL_NAME: Name = new("db.client.connection.pool.name");

/// Ours: rows that were inserted, changed or deleted.
pub(crate) const AFFECTED_ROWS: Name = new("db.response.affected_rows");
/// Ours: how a transaction ended.
pub(crate) const OUTCOME: Name = new("db.transaction.outcome");
/// Ours: seconds that a connection was waited for; as the metric of the conventions.
pub(crate) const WAIT_TIME: &str = "db.client.connection.wait_time";
/// Ours: seconds from the connection to the end of the query.
pub(crate) const EXECUTION_TIME: &str = "db.query.execution_time";

pub(crate) const CONNECTION_ACQUIRED: &str = "connection_acquired";
pub(crate) const QUERY_EXECUTED: &str = "query_executed";
pub(crate) use tracing_core_lite::error_class::CANCELLED;

/// The instrumentation scope of all spans and metrics of this crate.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tracing-sql")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build()
}
