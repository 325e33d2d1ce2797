//! Finds the operations of a query and what they are done to.
//!
//! No parser: each pair of parentheses has a state, which says what the next word may be. Where a text is no SQL, the
//! summary is short, and still made of nothing but its keywords and names.

use super::keyword::Keyword;
use super::lexer::{Kind, Token};
use super::summary_text::SummaryText;

/// What is expected next between two parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
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

#[derive(Debug)]
pub(super) struct Summarizer<'a> {
    sql: &'a str,
    text: SummaryText,
    state: State,
    /// The states outside of the parentheses that are open.
    outer: Vec<State>,
    /// Names that stand for a query.
    ctes: Vec<&'a str>,
    /// The one whose body is being read, and that it cannot see.
    hidden_cte: Option<(&'a str, usize)>,
    recursive: bool,
    /// A name that may go on with a dot.
    path: Option<(usize, usize)>,
    after_distinct: bool,
    may_have_password: bool,
    is_in_routine: bool,
    writes: bool,
}

impl<'a> Summarizer<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self {
            sql,
            text: SummaryText::default(),
            state: State::Begin,
            outer: Vec::new(),
            ctes: Vec::new(),
            hidden_cte: None,
            recursive: false,
            path: None,
            after_distinct: false,
            may_have_password: false,
            is_in_routine: false,
            writes: false,
        }
    }

    /// Whether the statement manages users or such, and passwords can stand in it without quotes.
    pub(super) fn may_have_password(&self) -> bool {
        self.may_have_password
    }

    /// Whether the body of a routine has begun, whose statements are not the query's.
    pub(super) fn is_in_routine(&self) -> bool {
        self.is_in_routine
    }

    pub(super) fn writes(&self) -> bool {
        self.writes
    }

    pub(super) fn end_statement(&mut self) {
        self.end_path();
        self.text.end_statement();
        self.state = State::Begin;
        self.outer.clear();
        self.ctes.clear();
        self.hidden_cte = None;
        self.recursive = false;
        self.may_have_password = false;
    }

    pub(super) fn finish(mut self) -> String {
        self.end_path();
        self.text.finish()
    }

    /// Reads a token that is neither white space nor a comment nor a semicolon; whether it is a name for certain.
    #[inline]
    pub(super) fn token(&mut self, token: Token, keyword: Keyword, sign: u8) -> bool {
        if self.path.is_some() {
            if self.continues_path(token, sign) {
                return true;
            }
            self.end_path();
        }
        match token.kind {
            Kind::Sign => self.sign(sign),
            Kind::Word => return self.word(token, keyword),
            Kind::Name | Kind::DoubleQuoted => return self.name(token),
            _ => self.value(),
        }
        false
    }

    fn continues_path(&mut self, token: Token, sign: u8) -> bool {
        let Some((_, end)) = &mut self.path else { return false };
        let after_dot = self.sql.as_bytes()[*end - 1] == b'.';
        let continues = token.start == *end
            && match token.kind {
                Kind::Sign => sign == b'.' && !after_dot,
                Kind::Word | Kind::Name | Kind::DoubleQuoted => after_dot,
                _ => false,
            };
        if continues {
            *end = token.end;
        }
        continues
    }

    fn end_path(&mut self) {
        let Some((start, end)) = self.path.take() else { return };
        let name = self.sql[start..end].trim_end_matches('.');
        let hidden = self.hidden_cte.map(|(hidden, _)| hidden);
        let is_cte = |cte: &&str| cte.eq_ignore_ascii_case(name) && Some(*cte) != hidden;
        if !self.ctes.iter().any(is_cte) {
            self.text.push(name);
        }
    }

    /// Takes `token` as the beginning of a target.
    fn target(&mut self, token: Token, then: State) -> bool {
        self.path = Some((token.start, token.end));
        self.state = then;
        true
    }

    fn operation(&mut self, token: Token, then: State) -> bool {
        self.text.push(&self.sql[token.start..token.end]);
        self.state = then;
        false
    }

    fn sign(&mut self, sign: u8) {
        match sign {
            b'(' | b'[' => self.open(),
            b')' | b']' => self.close(),
            b',' => self.comma(),
            _ => self.value(),
        }
    }

    fn open(&mut self) {
        let (inside, after) = match self.state {
            State::Nothing => (State::Nothing, State::Nothing),
            State::Explained => (State::Nothing, State::Explained),
            State::Table { .. } | State::TableParenthesis => (State::TableParenthesis, State::AfterTable),
            State::CteBody => (State::CteParenthesis, State::AfterCte),
            State::AfterInsertTarget => (State::ColumnParenthesis, State::AfterInsertTarget),
            State::Begin
            | State::Parenthesis
            | State::ColumnParenthesis
            | State::SetOperation
            | State::AfterAs => (State::Parenthesis, State::Rest),
            state => (State::Parenthesis, state),
        };
        self.outer.push(after);
        self.state = inside;
    }

    fn close(&mut self) {
        let Some(state) = self.outer.pop() else { return };
        self.state = state;
        if self.hidden_cte.is_some_and(|(_, depth)| depth == self.outer.len()) {
            self.hidden_cte = None;
        }
    }

    fn comma(&mut self) {
        self.state = match self.state {
            // `from` was the name of a column.
            State::Table { first: true } => State::SelectList,
            State::AfterTable => State::Table { first: false },
            State::AfterCte => State::CteName,
            State::Parenthesis | State::SetOperation => State::Rest,
            State::ColumnParenthesis => State::Columns,
            state => state,
        };
    }

    /// Something that is neither a name nor a sign with a meaning.
    fn value(&mut self) {
        self.state = match self.state {
            State::Begin => State::Nothing,
            State::Parenthesis | State::CteParenthesis | State::SetOperation => State::Rest,
            State::Table { .. } | State::TableParenthesis => State::AfterTable,
            State::Target { .. } | State::Name | State::LockTarget => State::Rest,
            State::Object | State::ObjectName | State::AfterAs => State::AfterObject,
            State::Transaction => State::Nothing,
            state => state,
        };
    }

    /// A name in quotes.
    fn name(&mut self, token: Token) -> bool {
        match self.state {
            State::Columns => true,
            State::ColumnParenthesis => {
                self.state = State::Columns;
                true
            }
            State::Table { .. } | State::TableParenthesis => self.target(token, State::AfterTable),
            State::InsertTarget => self.target(token, State::AfterInsertTarget),
            State::Target { .. } | State::Name | State::LockTarget => self.target(token, State::Rest),
            State::ObjectName => self.target(token, State::AfterObject),
            State::CteName => self.cte(token),
            _ => {
                self.value();
                false
            }
        }
    }

    fn cte(&mut self, token: Token) -> bool {
        let name = &self.sql[token.start..token.end];
        if !self.recursive {
            self.hidden_cte = Some((name, self.outer.len()));
        }
        self.ctes.push(name);
        self.state = State::CteHead;
        true
    }

    fn word(&mut self, token: Token, keyword: Keyword) -> bool {
        let after_distinct = std::mem::replace(&mut self.after_distinct, keyword == Keyword::Distinct);
        match self.state {
            State::Begin => return self.statement(token, keyword),
            State::CteParenthesis => return self.common_table(token, keyword),
            State::Parenthesis | State::SetOperation | State::AfterAs => self.maybe_query(token, keyword),
            State::ColumnParenthesis => {
                self.maybe_query(token, keyword);
                if self.state == State::Rest {
                    self.state = State::Columns;
                }
            }
            State::SelectList => self.in_select_list(keyword, after_distinct),
            State::Table { .. } | State::TableParenthesis => return self.table(token, keyword),
            State::AfterTable => self.after_table(keyword),
            State::Rest if is_set_operation(keyword) => self.state = State::SetOperation,
            State::Insert if keyword == Keyword::Into => self.state = State::InsertTarget,
            State::InsertTarget => return self.target(token, State::AfterInsertTarget),
            State::AfterInsertTarget => self.after_insert_target(token, keyword),
            State::Delete if keyword == Keyword::From => self.state = State::Target { or: false },
            State::Target { or } => return self.statement_target(token, keyword, or),
            State::Name => return self.target(token, State::Rest),
            State::LockTarget if matches!(keyword, Keyword::Table | Keyword::Tables) => {
                return self.operation(token, State::LockTarget);
            }
            State::LockTarget => return self.target(token, State::Rest),
            State::Object => self.object(token, keyword),
            State::ObjectName => return self.object_name(token, keyword),
            State::AfterObject if keyword == Keyword::As => self.state = State::AfterAs,
            State::CteName if keyword == Keyword::Recursive => self.recursive = true,
            State::CteName => return self.cte(token),
            State::CteHead if keyword == Keyword::As => self.state = State::CteBody,
            State::AfterCte => return self.common_table(token, keyword),
            State::Explained => self.explained(token, keyword),
            State::Transaction if keyword == Keyword::Transaction => {
                return self.operation(token, State::Nothing);
            }
            _ => {}
        }
        false
    }

    /// The first word of a statement.
    fn statement(&mut self, token: Token, keyword: Keyword) -> bool {
        let then = match keyword {
            Keyword::Create | Keyword::Drop | Keyword::Alter | Keyword::Truncate | Keyword::Refresh => {
                self.writes = true;
                self.may_have_password = true;
                State::Object
            }
            Keyword::Call | Keyword::Exec | Keyword::Execute | Keyword::Copy => {
                self.writes = true;
                State::Name
            }
            Keyword::Use | Keyword::Pragma => State::Name,
            Keyword::Begin | Keyword::Commit | Keyword::Rollback | Keyword::Start => State::Transaction,
            Keyword::Lock => State::LockTarget,
            Keyword::Explain | Keyword::Describe => State::Explained,
            Keyword::Values => State::Rest,
            Keyword::Grant | Keyword::Revoke | Keyword::Set => {
                self.may_have_password = true;
                State::Nothing
            }
            Keyword::Show
            | Keyword::Savepoint
            | Keyword::Release
            | Keyword::Analyze
            | Keyword::Vacuum
            | Keyword::Reindex
            | Keyword::Attach
            | Keyword::Detach
            | Keyword::Listen
            | Keyword::Unlisten
            | Keyword::Notify
            | Keyword::Declare
            | Keyword::Fetch
            | Keyword::Prepare
            | Keyword::Deallocate => State::Nothing,
            _ => return self.common_table(token, keyword),
        };
        if self.is_in_routine { false } else { self.operation(token, then) }
    }

    /// What can follow common table expressions, or be one.
    fn common_table(&mut self, token: Token, keyword: Keyword) -> bool {
        let then = match keyword {
            Keyword::Insert => State::Insert,
            Keyword::Update | Keyword::Merge | Keyword::Replace => State::Target { or: false },
            Keyword::Delete => State::Delete,
            Keyword::Select | Keyword::With | Keyword::Values => {
                self.maybe_query(token, keyword);
                return false;
            }
            _ if self.state == State::Begin => {
                self.may_have_password = true;
                self.state = State::Nothing;
                return false;
            }
            _ => {
                self.state = State::Rest;
                return false;
            }
        };
        self.writes = true;
        self.operation(token, then)
    }

    fn maybe_query(&mut self, token: Token, keyword: Keyword) {
        match keyword {
            Keyword::Select => {
                self.operation(token, State::SelectList);
            }
            Keyword::With => self.state = State::CteName,
            Keyword::All | Keyword::Distinct if self.state == State::SetOperation => {}
            _ => self.state = if self.state == State::AfterAs { State::AfterObject } else { State::Rest },
        }
    }

    fn in_select_list(&mut self, keyword: Keyword, after_distinct: bool) {
        match keyword {
            // `IS DISTINCT FROM` compares.
            Keyword::From if !after_distinct => self.state = State::Table { first: true },
            keyword if is_set_operation(keyword) => self.state = State::SetOperation,
            _ => {}
        }
    }

    fn table(&mut self, token: Token, keyword: Keyword) -> bool {
        match keyword {
            Keyword::Only | Keyword::Lateral => false,
            Keyword::Select | Keyword::With | Keyword::Values if self.state == State::TableParenthesis => {
                self.maybe_query(token, keyword);
                false
            }
            _ => self.target(token, State::AfterTable),
        }
    }

    fn after_table(&mut self, keyword: Keyword) {
        self.state = match keyword {
            Keyword::Join | Keyword::StraightJoin | Keyword::Apply => State::Table { first: false },
            Keyword::Where
            | Keyword::Group
            | Keyword::Order
            | Keyword::Having
            | Keyword::Limit
            | Keyword::Offset
            | Keyword::Fetch
            | Keyword::For
            | Keyword::Window
            | Keyword::Start
            | Keyword::Connect
            | Keyword::Returning => State::Rest,
            keyword if is_set_operation(keyword) => State::SetOperation,
            _ => State::AfterTable,
        };
    }

    fn after_insert_target(&mut self, token: Token, keyword: Keyword) {
        match keyword {
            Keyword::Select | Keyword::With => self.maybe_query(token, keyword),
            Keyword::Values | Keyword::Set | Keyword::On | Keyword::Returning => self.state = State::Rest,
            _ => {}
        }
    }

    fn statement_target(&mut self, token: Token, keyword: Keyword, or: bool) -> bool {
        match keyword {
            Keyword::Or => self.state = State::Target { or: true },
            Keyword::Only | Keyword::Into | Keyword::LowPriority | Keyword::Ignore => {}
            _ if or => self.state = State::Target { or: false },
            _ => return self.target(token, State::Rest),
        }
        false
    }

    /// What a statement creates, drops or alters.
    fn object(&mut self, token: Token, keyword: Keyword) {
        match keyword {
            Keyword::Unique
            | Keyword::Temp
            | Keyword::Temporary
            | Keyword::Or
            | Keyword::Replace
            | Keyword::Materialized
            | Keyword::Global
            | Keyword::Local
            | Keyword::Unlogged
            | Keyword::Virtual => return,
            Keyword::User | Keyword::Role | Keyword::Database => {
                self.operation(token, State::ObjectName);
                return;
            }
            Keyword::Procedure | Keyword::Function | Keyword::Trigger | Keyword::Event => {
                self.operation(token, State::ObjectName);
                self.is_in_routine = true;
            }
            Keyword::Table
            | Keyword::View
            | Keyword::Index
            | Keyword::Schema
            | Keyword::Sequence
            | Keyword::Type
            | Keyword::Extension => {
                self.operation(token, State::ObjectName);
            }
            _ => {
                self.operation(token, State::AfterObject);
                return;
            }
        }
        self.may_have_password = false;
    }

    fn object_name(&mut self, token: Token, keyword: Keyword) -> bool {
        match keyword {
            Keyword::If | Keyword::Not | Keyword::Exists | Keyword::Concurrently | Keyword::Only => false,
            Keyword::On => {
                self.state = State::AfterObject;
                false
            }
            _ => self.target(token, State::AfterObject),
        }
    }

    fn explained(&mut self, token: Token, keyword: Keyword) {
        if matches!(
            keyword,
            Keyword::Select
                | Keyword::Insert
                | Keyword::Update
                | Keyword::Delete
                | Keyword::Merge
                | Keyword::Replace
                | Keyword::With
        ) {
            self.common_table(token, keyword);
        }
    }
}

fn is_set_operation(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Union | Keyword::Intersect | Keyword::Except | Keyword::Minus)
}
