//! The dialects of SQL, which differ in their literals, names and comments.

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL: `"names"`, `E'…'` with backslashes, `$tag$…$tag$`, nested comments.
    PostgreSql,
    /// MySQL and MariaDB: `"strings"`, backslashes, `` `names` ``, `#` comments, `$tag$…$tag$`.
    MySql,
    /// SQLite: `[names]`, `` `names` ``. SQLite reads text in double quotes as a string if there is no column of that
    /// name, so it is hidden unless it can only be a name.
    Sqlite,
    /// SQLite for programs that use double quotes only for names. Text in double quotes is always shown.
    SqliteQuotedNames,
    /// Any other database, such as SQL Server or Oracle. Text in double quotes is hidden, because it is a string in some
    /// of them. `[names]`, `` `names` ``, `#temporary` tables, `q'[…]'`, `$tag$…$tag$`, nested comments.
    Generic,
}

/// The meaning of text in double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DoubleQuotes {
    Name,
    Literal,
    /// A name in positions where only a name is valid, otherwise a literal.
    ByPosition,
    /// A name in the summary, a literal in the text.
    Hidden,
}

impl Dialect {
    pub(super) fn double_quotes(self) -> DoubleQuotes {
        match self {
            Self::PostgreSql | Self::SqliteQuotedNames => DoubleQuotes::Name,
            Self::MySql => DoubleQuotes::Literal,
            Self::Sqlite => DoubleQuotes::ByPosition,
            Self::Generic => DoubleQuotes::Hidden,
        }
    }

    pub(super) fn is_sqlite(self) -> bool {
        matches!(self, Self::Sqlite | Self::SqliteQuotedNames)
    }

    /// Returns whether a backslash escapes the next character of a plain string.
    pub(super) fn has_backslashes(self) -> bool {
        self == Self::MySql
    }

    /// Returns whether `E'…'` is a string with backslashes.
    pub(super) fn has_escape_strings(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Generic)
    }

    pub(super) fn has_dollar_quotes(self) -> bool {
        !self.is_sqlite()
    }

    /// Returns whether `q'[…]'` is a string.
    pub(super) fn has_q_quotes(self) -> bool {
        self == Self::Generic
    }

    /// Returns whether `#name` is a temporary table.
    pub(super) fn has_temporary_names(self) -> bool {
        self == Self::Generic
    }

    pub(super) fn has_nested_comments(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Generic)
    }

    pub(super) fn has_backticks(self) -> bool {
        self != Self::PostgreSql
    }

    pub(super) fn has_brackets(self) -> bool {
        self.is_sqlite() || self == Self::Generic
    }

    /// Returns whether `ARRAY[…]` is a list of values.
    pub(super) fn has_arrays(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Generic)
    }

    /// Returns whether `?` is a parameter. In PostgreSQL it is an operator.
    pub(super) fn has_question_marks(self) -> bool {
        self != Self::PostgreSql
    }
}
