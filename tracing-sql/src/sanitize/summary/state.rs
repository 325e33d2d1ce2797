//! What a summarizer expects.

/// What is expected next between two parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A statement.
    Begin,
    /// A query, or anything else.
    Parenthesis,
    /// In a `FROM` list: a query or a table.
    TableParenthesis,
    /// The body of a common table expression: a statement.
    CteParenthesis,
    /// A query or the columns of an `INSERT`.
    ColumnParenthesis,
    Columns,
    /// `FROM`.
    SelectList,
    /// A table; whether it directly follows `FROM`.
    Table {
        first: bool,
    },
    /// A comma, a join, or the end of the `FROM` list.
    AfterTable,
    /// Nothing but a set operation.
    Rest,
    /// A query behind a set operation.
    SetOperation,
    /// `INTO`.
    Insert,
    InsertTarget,
    AfterInsertTarget,
    /// `FROM`.
    Delete,
    /// A table, of `UPDATE`, `DELETE FROM`, `MERGE` or `REPLACE`; whether `OR` came, which an action follows.
    Target {
        or: bool,
    },
    /// The name of what is called, used or set.
    Name,
    LockTarget,
    Object,
    ObjectName,
    /// `AS`, which a query may follow.
    AfterObject,
    AfterAs,
    CteName,
    /// `AS`.
    CteHead,
    /// The parenthesis of its body.
    CteBody,
    /// A comma or the statement.
    AfterCte,
    Explained,
    /// `TRANSACTION`.
    Transaction,
    /// Nothing, not even in parentheses.
    Nothing,
}
