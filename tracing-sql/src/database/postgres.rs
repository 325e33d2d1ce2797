//! PostgreSQL.

use sqlx_postgres::{PgConnectOptions, PgQueryResult, Postgres};
use tracing_core_lite::database::Endpoint;

use super::TracedDatabase;
use crate::sanitize::Dialect;

impl TracedDatabase for Postgres {
    const DIALECT: Dialect = Dialect::PostgreSql;
    const SYSTEM_NAME: &'static str = "postgresql";

    fn endpoint(options: &PgConnectOptions) -> Endpoint {
        let endpoint = match options.get_socket() {
            Some(socket) => Endpoint::unknown().with_socket(socket.to_string_lossy()),
            None => Endpoint::unknown().with_server(options.get_host(), options.get_port()),
        };
        match options.get_database() {
            Some(database) => endpoint.with_namespace(database),
            None => endpoint,
        }
    }

    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }
}
