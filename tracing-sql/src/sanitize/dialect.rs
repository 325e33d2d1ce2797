//! The dialects of SQL, as far as their literals, names and comments differ.

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL: `"names"`, `E'…'` with backslashes, `$tag$…$tag$`, nested comments.
    PostgreSql,
    /// MySQL and MariaDB: `"strings"`, backslashes, `` `names` ``, `#` comments.
    MySql,
    /// SQLite: `"names"` that are strings when there is no such name, `[names]`, `` `names` ``.
    Sqlite,
    /// Any other: `"strings"` that are names where a table stands, `[names]`, `` `names` ``, `$tag$…$tag$`, nested comments.
    Generic,
}

/// What stands in double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DoubleQuotes {
    Name,
    Literal,
    /// A name where only a name can be, and otherwise a literal to be careful.
    ByPosition,
    /// As `ByPosition` for the summary, and never shown in the text.
    Hidden,
}

impl Dialect {
    pub(super) fn double_quotes(self) -> DoubleQuotes {
        match self {
            Self::PostgreSql => DoubleQuotes::Name,
            Self::MySql => DoubleQuotes::Literal,
            Self::Sqlite => DoubleQuotes::ByPosition,
            Self::Generic => DoubleQuotes::Hidden,
        }
    }

    /// Whether a backslash escapes the next character of a plain string.
    pub(super) fn has_backslashes(self) -> bool {
        self == Self::MySql
    }

    /// Whether `E'…'` is a string with backslashes.
    pub(super) fn has_escape_strings(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Generic)
    }

    pub(super) fn has_dollar_quotes(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Generic)
    }

    pub(super) fn has_nested_comments(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Generic)
    }

    pub(super) fn has_backticks(self) -> bool {
        self != Self::PostgreSql
    }

    pub(super) fn has_brackets(self) -> bool {
        matches!(self, Self::Sqlite | Self::Generic)
    }

    /// Whether `?` is a parameter, and not an operator of JSON.
    pub(super) fn has_question_marks(self) -> bool {
        self != Self::PostgreSql
    }
}
