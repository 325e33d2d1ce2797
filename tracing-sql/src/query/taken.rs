//! A query whose text has been read and which runs like the original.

use sqlx_core::database::Database;
use sqlx_core::error::BoxDynError;
use sqlx_core::executor::Execute;
use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// The parts of an [`Execute`]. The trait returns the text only when it is consumed.
pub(crate) struct TakenQuery<DB: Database> {
    sql: SqlStr,
    statement: Option<DB::Statement>,
    arguments: Result<Option<DB::Arguments>, BoxDynError>,
    persistent: bool,
}

impl<DB: Database> TakenQuery<DB> {
    /// Takes `query` apart in the order that drivers use.
    pub(crate) fn new<'q>(mut query: impl Execute<'q, DB>) -> Self {
        let statement = query.statement().cloned();
        let arguments = query.take_arguments();
        let persistent = query.persistent();
        Self { sql: query.sql(), statement, arguments, persistent }
    }

    pub(crate) fn sql_str(&self) -> &SqlStr {
        &self.sql
    }

    /// Returns whether the text may be changed. The text of a prepared statement may not.
    pub(crate) fn is_text(&self) -> bool {
        self.statement.is_none()
    }

    /// Replaces the text with one that is used once. It is not kept in the connection's cache of statements, where it
    /// would replace reusable ones.
    pub(crate) fn replace_text(&mut self, text: String) {
        // Only a comment of hexadecimal digits is added.
        self.sql = AssertSqlSafe(text).into_sql_str();
        self.persistent = false;
    }
}

impl<DB: Database> Execute<'_, DB> for TakenQuery<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.statement.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        std::mem::replace(&mut self.arguments, Ok(None))
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}
