//! The states of the summarizer.

/// The state between two parentheses: what may follow.
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
    /// A table. The first one directly follows `FROM`.
    Table {
        first: bool,
    },
    /// A comma, a join or the end of the `FROM` list.
    AfterTable,
    /// Nothing but a set operation.
    Rest,
    /// A query behind a set operation.
    SetOperation,
    /// `INTO`, or the table.
    Insert,
    /// `INTO`, after `INSERT ALL`.
    InsertMany,
    InsertTarget,
    AfterInsertTarget,
    /// `FROM`.
    Delete,
    /// `STATISTICS`, or the table of an `UPDATE`.
    UpdateTarget,
    /// The table of an `UPDATE`, `DELETE FROM`, `MERGE` or `REPLACE`. An action follows if `OR` came before.
    Target {
        or: bool,
    },
    /// `INSERT`, after `BULK`.
    Bulk,
    /// The name of the procedure, database or setting that the statement calls, uses or sets.
    Name,
    /// `=`, after the variable that receives a procedure's return value.
    ReturnVariable,
    LockTarget,
    /// The kind of an object.
    Object,
    /// The kind of an object, after an attribute such as `DEFINER = root`.
    ObjectAttribute,
    ObjectName,
    /// `AS`, before a query.
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
    /// Nothing, including in parentheses.
    Nothing,
}
