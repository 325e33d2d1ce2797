//! MySQL, MariaDB.

use sqlx_mysql::{MySql, MySqlConnectOptions, MySqlQueryResult};
use tracing_core_lite::database::Endpoint;

use super::TracedDatabase;
use crate::sanitize::Dialect;

impl TracedDatabase for MySql {
    const DIALECT: Dialect = Dialect::MySql;
    const SYSTEM_NAME: &'static str = "mysql";

    fn endpoint(options: &MySqlConnectOptions) -> Endpoint {
        let endpoint = match options.get_socket() {
            Some(socket) => Endpoint::unknown().with_socket(socket.to_string_lossy()),
            None => Endpoint::unknown().with_server(options.get_host(), options.get_port()),
        };
        match options.get_database() {
            Some(database) => endpoint.with_namespace(database),
            None => endpoint,
        }
    }

    fn rows_affected(result: &MySqlQueryResult) -> u64 {
        result.rows_affected()
    }
}
