//! Names of attributes (semantic conventions v1.44.0, `span.db.redis.client`).

pub(crate) const BATCH_SIZE: &str = "db.operation.batch.size";
pub(crate) const NAMESPACE: &str = "db.namespace";
pub(crate) const OPERATION: &str = "db.operation.name";
pub(crate) const QUERY_TEXT: &str = "db.query.text";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const STATUS_CODE: &str = "db.response.status_code";
pub(crate) const SYSTEM: &str = "db.system.name";

/// The value of [`SYSTEM`].
pub(crate) const REDIS: &str = "redis";
