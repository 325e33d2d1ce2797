//! SQLite.

use sqlx_sqlite::{Sqlite, SqliteConnectOptions, SqliteQueryResult};
use tracing_core_lite::database::Endpoint;

use super::TracedDatabase;
use crate::sanitize::Dialect;

const IN_MEMORY: &str = ":memory:";

impl TracedDatabase for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;
    const SYSTEM_NAME: &'static str = "sqlite";

    fn endpoint(options: &SqliteConnectOptions) -> Endpoint {
        let path = options.get_filename();
        let in_memory = path.as_os_str().is_empty() || path.to_string_lossy().contains("sqlx-in-memory");
        let name = path.file_name().map(|name| name.to_string_lossy());
        match name {
            Some(name) if !in_memory => Endpoint::unknown().with_namespace(name),
            _ => Endpoint::unknown().with_namespace(IN_MEMORY),
        }
    }

    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }
}
