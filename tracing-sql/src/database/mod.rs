//! The differences between the databases of sqlx.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use sqlx_core::connection::Connection;
use sqlx_core::database::Database;
use tracing_core_lite::database::Endpoint;

use crate::sanitize::Dialect;

/// A database whose queries can be traced: `Postgres`, `MySql` and `Sqlite`, each with a feature of this crate.
///
/// This trait is sealed.
pub trait TracedDatabase: Database + sealed::Sealed {
    /// The dialect of its queries.
    const DIALECT: Dialect;

    /// `db.system.name`, one of the values of the semantic conventions.
    const SYSTEM_NAME: &'static str;

    /// Returns the address of the database for these options.
    fn endpoint(options: &<Self::Connection as Connection>::Options) -> Endpoint;

    /// Returns the number of rows that were inserted, changed or deleted.
    fn rows_affected(result: &Self::QueryResult) -> u64;
}

mod sealed {
    /// Implemented only for the databases of this crate, so that methods can be added to the trait.
    pub trait Sealed {}
    #[cfg(feature = "mysql")]
    impl Sealed for sqlx_mysql::MySql {}
    #[cfg(feature = "postgres")]
    impl Sealed for sqlx_postgres::Postgres {}
    #[cfg(feature = "sqlite")]
    impl Sealed for sqlx_sqlite::Sqlite {}
}
