//! Names of the attributes and events of database spans (semantic conventions v1.44.0, registry `db`).
//!
//! Names that start with `tracing_suite.` are not part of the conventions.

/// The names of one attribute: the stable one, and the one from before the conventions were stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributeName {
    /// The name in the stable conventions.
    pub stable: &'static str,
    /// The name in the older conventions, if it was different.
    pub old: Option<&'static str>,
}

impl AttributeName {
    /// Creates a name that the older conventions did not have.
    #[must_use]
    pub const fn new(stable: &'static str) -> Self {
        Self { stable, old: None }
    }

    /// Creates a name that replaces `old`.
    #[must_use]
    pub const fn renamed(stable: &'static str, old: &'static str) -> Self {
        Self { stable, old: Some(old) }
    }
}

/// The database product, such as `postgresql`.
pub const SYSTEM_NAME: AttributeName = AttributeName::renamed("db.system.name", "db.system");
/// The database within the server.
pub const NAMESPACE: AttributeName = AttributeName::renamed("db.namespace", "db.name");
/// The collection or table.
pub const COLLECTION_NAME: AttributeName = AttributeName::renamed("db.collection.name", "db.sql.table");
/// The operation or command.
pub const OPERATION_NAME: AttributeName = AttributeName::renamed("db.operation.name", "db.operation");
/// The number of operations in a batch of two or more.
pub const BATCH_SIZE: AttributeName = AttributeName::new("db.operation.batch.size");
/// The text of the query, without its literals.
pub const QUERY_TEXT: AttributeName = AttributeName::renamed("db.query.text", "db.statement");
/// The operations of the query and their targets, such as `SELECT orders`.
pub const QUERY_SUMMARY: AttributeName = AttributeName::new("db.query.summary");
/// The number of rows that the database returned.
pub const RETURNED_ROWS: AttributeName = AttributeName::new("db.response.returned_rows");
/// The status code that the database reported.
pub const STATUS_CODE: AttributeName = AttributeName::new("db.response.status_code");
/// The host of the database, or the path of its socket.
pub const SERVER_ADDRESS: AttributeName = AttributeName::renamed("server.address", "net.peer.name");
/// The port of the database.
pub const SERVER_PORT: AttributeName = AttributeName::renamed("server.port", "net.peer.port");
/// The name of the connection pool.
pub const POOL_NAME: AttributeName = AttributeName::new("db.client.connection.pool.name");

/// The number of rows that were inserted, changed or deleted.
pub const AFFECTED_ROWS: AttributeName =
    AttributeName::renamed("tracing_suite.db.response.affected_rows", "db.rows_affected");
/// How a transaction ended, such as `committed`.
pub const TRANSACTION_OUTCOME: AttributeName = AttributeName::new("tracing_suite.db.transaction.outcome");
/// The seconds for which a command waited for a connection.
pub const WAIT_TIME: AttributeName = AttributeName::new("tracing_suite.db.client.connection.wait_time");
/// The seconds that a query took once it had a connection.
pub const EXECUTION_TIME: AttributeName = AttributeName::new("tracing_suite.db.query.execution_time");

/// The class of the error that ended the operation, such as those of [`error_class`](crate::error_class).
pub const ERROR_TYPE: &str = "error.type";
