//! The database of a service: SQLite, PostgreSQL or MySQL, whichever its URL names.
//!
//! A program with one kind of database needs nothing of this but `TracedPool::new(pool)`. The shop runs on all three, with
//! the same SQL: [`on_database!`] writes sqlx's usual calls once, and the compiler sees them once for each.

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

/// A database whose every query is a span.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(TracedPool<Sqlite>),
    /// A server.
    Postgres(TracedPool<Postgres>),
    /// A server, or one of MariaDB.
    MySql(TracedPool<MySql>),
}

/// A transaction of a [`Database`].
#[derive(Debug)]
pub(super) enum Transaction {
    Sqlite(TracedTransaction<'static, Sqlite>),
    Postgres(TracedTransaction<'static, Postgres>),
    MySql(TracedTransaction<'static, MySql>),
}

/// Runs `$body` with the pool or transaction that `$of` holds. `$sql` makes a text with `$1`, `$2`, … one that the database
/// understands.
macro_rules! on_database {
    ($kind:ident, $of:expr, |$held:ident, $sql:ident| $body:expr) => {
        match $of {
            $kind::Sqlite($held) => {
                let $sql = $crate::shop::database::numbered;
                $body
            }
            $kind::Postgres($held) => {
                let $sql = $crate::shop::database::numbered;
                $body
            }
            $kind::MySql($held) => {
                let $sql = $crate::shop::database::question_marks;
                $body
            }
        }
    };
}
pub(super) use on_database;

/// Parameters as `$1`, which SQLite knows as well as PostgreSQL.
pub(super) fn numbered(text: &'static str) -> SqlStr {
    text.into_sql_str()
}

/// Parameters as `?`. Those of `text` have to be in their order, and its literals without dollar signs.
pub(super) fn question_marks(text: &'static str) -> SqlStr {
    let mut pieces = text.split('$');
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        written.push('?');
        written.push_str(piece.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    AssertSqlSafe(written).into_sql_str()
}

impl Database {
    /// Opens the database at `url`: `sqlite://FILE`, `postgres://…` or `mysql://…`.
    ///
    /// # Errors
    /// When the URL is none of these, or nobody answers there.
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
                // With a log of writes (WAL), those who read do not wait for one who writes.
                let options = SqliteConnectOptions::from_str(url)?
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal);
                let pool = PoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await?;
                Self::Sqlite(TracedPool::new(pool).with_provider(provider))
            }
        })
    }

    /// Runs statements that make tables and their first rows. A row that is there already stays as it is.
    ///
    /// They belong to no request, so they go to the pool itself, which makes no spans.
    pub(super) async fn prepare(
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
                Err(error) if is_there_already(&error) => {}
                done => done?,
            }
        }
        Ok(())
    }

    pub(super) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
            Self::MySql(pool) => Transaction::MySql(pool.begin().await?),
        })
    }
}

fn is_there_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

impl Transaction {
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
            Self::MySql(transaction) => transaction.commit().await,
        }
    }

    pub(super) async fn rollback(self) -> Result<(), sqlx::Error> {
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
