//! What the databases of sqlx differ in.

mod endpoint;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use sqlx_core::connection::Connection;
use sqlx_core::database::Database;

pub use endpoint::Endpoint;

use crate::sanitize::Dialect;

/// A database whose queries can be traced: `Postgres`, `MySql` and `Sqlite`, each by a feature of this crate.
pub trait TracedDatabase: Database {
    /// How its queries are read.
    const DIALECT: Dialect;

    /// `db.system.name`, one of the values of the semantic conventions.
    const SYSTEM_NAME: &'static str;

    /// Where connections with these options lead to.
    fn endpoint(options: &<Self::Connection as Connection>::Options) -> Endpoint;

    /// Rows that were inserted, changed or deleted.
    fn rows_affected(result: &Self::QueryResult) -> u64;
}
