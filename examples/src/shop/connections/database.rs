//! The database of a service: SQLite, PostgreSQL or MySQL, as its URL says.
//!
//! A program with one kind of database needs only `TracedPool::new(pool)`. The shop runs the same SQL on all three, so
//! [`on_database!`] expands one sqlx call for each kind.

use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::MySqlPoolOptions;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, MySql, Postgres, SqlSafeStr, SqlStr, Sqlite};
use tracing_core_lite::TracerProvider;
use tracing_sql::{TracedPool, TracedTransaction};

/// How long a query waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A database. Every query is a span.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(TracedPool<Sqlite>),
    /// A server of PostgreSQL.
    Postgres(TracedPool<Postgres>),
    /// A server of MySQL or MariaDB.
    MySql(TracedPool<MySql>),
}

/// A transaction of a [`Database`].
#[derive(Debug)]
pub(in crate::shop) enum Transaction {
    Sqlite(TracedTransaction<'static, Sqlite>),
    Postgres(TracedTransaction<'static, Postgres>),
    MySql(TracedTransaction<'static, MySql>),
}

/// Runs `$body` with the pool or transaction in `$of`. `$sql` turns a text with the parameters `$1`, `$2`, … into one that
/// the database understands.
macro_rules! on_database {
    ($kind:ident, $of:expr, |$held:ident, $sql:ident| $body:expr) => {
        match $of {
            $kind::Sqlite($held) => {
                let $sql = $crate::shop::connections::database::numbered;
                $body
            }
            $kind::Postgres($held) => {
                let $sql = $crate::shop::connections::database::numbered;
                $body
            }
            $kind::MySql($held) => {
                let $sql = $crate::shop::connections::database::question_marks;
                $body
            }
        }
    };
}
pub(in crate::shop) use on_database;

/// Keeps parameters as `$1`, which SQLite and PostgreSQL understand.
pub(in crate::shop) fn numbered(text: &'static str) -> SqlStr {
    text.into_sql_str()
}

/// Writes parameters as `?`. The parameters of `text` must be in ascending order, and its literals must not contain `$`.
pub(in crate::shop) fn question_marks(text: &'static str) -> SqlStr {
    let mut parts = text.split('$');
    let mut converted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        converted.push('?');
        converted.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    AssertSqlSafe(converted).into_sql_str()
}

impl Database {
    /// Opens the database at `url`: `sqlite://FILE`, `postgres://…` or `mysql://…`.
    ///
    /// # Errors
    /// Returns an error if the URL is none of these, or the server cannot be reached.
    pub async fn open(url: &str, provider: &TracerProvider) -> Result<Self, sqlx::Error> {
        Ok(match url.split(':').next() {
            Some("postgres" | "postgresql") => {
                let pool = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).connect(url).await?;
                Self::Postgres(TracedPool::new(pool).with_provider(provider))
            }
            Some("mysql" | "mariadb") => {
                let pool = MySqlPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).connect(url).await?;
                Self::MySql(TracedPool::new(pool).with_provider(provider))
            }
            _ => {
                // With a write-ahead log, readers do not wait for a writer.
                let options = SqliteConnectOptions::from_str(url)?
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal);
                let pool = PoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await?;
                Self::Sqlite(TracedPool::new(pool).with_provider(provider))
            }
        })
    }

    /// Runs statements that create tables and their first rows. Rows that exist already are kept.
    ///
    /// These statements belong to no request, so they bypass the wrapper and create no spans.
    pub(in crate::shop) async fn prepare(
        &self,
        statements: impl IntoIterator<Item = String>,
    ) -> Result<(), sqlx::Error> {
        for statement in statements {
            let statement = sqlx::raw_sql(AssertSqlSafe(statement));
            let done = match self {
                Self::Sqlite(pool) => statement.execute(pool.inner()).await.map(drop),
                Self::Postgres(pool) => statement.execute(pool.inner()).await.map(drop),
                Self::MySql(pool) => statement.execute(pool.inner()).await.map(drop),
            };
            match done {
                Err(error) if exists_already(&error) => {}
                done => done?,
            }
        }
        Ok(())
    }

    pub(in crate::shop) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
            Self::MySql(pool) => Transaction::MySql(pool.begin().await?),
        })
    }
}

fn exists_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

impl Transaction {
    pub(in crate::shop) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
            Self::MySql(transaction) => transaction.commit().await,
        }
    }

    pub(in crate::shop) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
            Self::MySql(transaction) => transaction.rollback().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::question_marks;

    #[test]
    fn parameters_become_question_marks() {
        for (text, expected) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT a FROM t WHERE b = $1", "SELECT a FROM t WHERE b = ?"),
            ("INSERT INTO t VALUES ($1, $2, $10)", "INSERT INTO t VALUES (?, ?, ?)"),
            (
                "UPDATE t SET a = a - $1 WHERE b = $2 AND c > 3",
                "UPDATE t SET a = a - ? WHERE b = ? AND c > 3",
            ),
        ] {
            assert_eq!(question_marks(text).as_str(), expected);
        }
    }
}
