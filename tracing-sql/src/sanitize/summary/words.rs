//! The state transitions for each word of a query.

use super::state::State;
use super::summarizer::Summarizer;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Token;
use crate::sanitize::lookahead::{begins_single_assignment, next_byte, next_word};

impl Summarizer<'_> {
    pub(super) fn word(&mut self, token: Token, keyword: Keyword) -> bool {
        if self.routine.is_open() {
            self.routine.word(keyword, next_word(self.sql.as_bytes(), token.end));
        }
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
            State::AfterTable => self.after_table(token, keyword),
            State::Rest if is_set_operation(keyword) => self.state = State::SetOperation,
            State::Insert => return self.insert(token, keyword),
            State::InsertMany if keyword == Keyword::Into => self.state = State::InsertTarget,
            // `INSERT INTO TABLE t` of Spark, `INSERT INTO FUNCTION f()` of ClickHouse
            State::InsertTarget
                if matches!(keyword, Keyword::Table | Keyword::Function) && self.is_table_query(token) => {}
            State::InsertTarget => return self.target(token, State::AfterInsertTarget),
            State::AfterInsertTarget => self.after_insert_target(token, keyword),
            State::Delete if keyword == Keyword::From => self.state = State::Target { or: false },
            State::Delete if self.is_whole_delete(token) => return self.target(token, State::Rest),
            State::UpdateTarget => return self.update_target(token, keyword),
            State::Bulk if keyword == Keyword::Insert => return self.operation(token, State::InsertTarget),
            State::Target { or } => return self.statement_target(token, keyword, or),
            State::Name => return self.called(token, keyword),
            State::LockTarget if matches!(keyword, Keyword::Table | Keyword::Tables) => {
                return self.operation(token, State::LockTarget);
            }
            State::LockTarget => return self.target(token, State::Rest),
            State::Object => self.object(token, keyword),
            State::ObjectAttribute => self.object_attribute(token, keyword),
            State::ObjectName => return self.object_name(token, keyword),
            State::AfterObject if keyword == Keyword::As => self.state = State::AfterAs,
            State::CteName if keyword == Keyword::Recursive => self.recursive = true,
            State::CteName => return self.cte(token),
            State::CteHead if keyword == Keyword::As => self.state = State::CteBody,
            State::AfterCte => return self.common_table(token, keyword),
            State::Explained => self.explained(token, keyword),
            State::Transaction if matches!(keyword, Keyword::Transaction | Keyword::Tran) => {
                return self.operation(token, State::Nothing);
            }
            _ => {}
        }
        false
    }

    /// The first word of a statement.
    fn statement(&mut self, token: Token, keyword: Keyword) -> bool {
        if self.routine.is_open() {
            self.state = State::Nothing;
            return false;
        }
        let then = match keyword {
            Keyword::Create
            | Keyword::Drop
            | Keyword::Alter
            | Keyword::Truncate
            | Keyword::Refresh
            | Keyword::Backup
            | Keyword::Restore
            | Keyword::Enable
            | Keyword::Disable
            | Keyword::Open
            | Keyword::Close => {
                self.writes = true;
                self.defines = matches!(keyword, Keyword::Create | Keyword::Alter);
                self.may_have_password = true;
                State::Object
            }
            Keyword::Call | Keyword::Exec | Keyword::Execute | Keyword::Copy => {
                self.writes = true;
                self.may_have_password = keyword == Keyword::Copy;
                State::Name
            }
            Keyword::Bulk => {
                self.writes = true;
                State::Bulk
            }
            Keyword::Table if self.is_table_query(token) => State::Target { or: false },
            Keyword::Use | Keyword::Pragma => State::Name,
            Keyword::Begin | Keyword::Commit | Keyword::Rollback => State::Transaction,
            // `START REPLICA USER = 'x' PASSWORD = 'y'`
            Keyword::Start => {
                self.may_have_password = true;
                State::Transaction
            }
            Keyword::Lock => State::LockTarget,
            Keyword::Explain | Keyword::Describe => State::Explained,
            Keyword::Values => State::Rest,
            Keyword::Grant | Keyword::Deny | Keyword::Revoke | Keyword::Set => {
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
        self.operation(token, then)
    }

    /// A word that follows common table expressions, or begins another one.
    fn common_table(&mut self, token: Token, keyword: Keyword) -> bool {
        let then = match keyword {
            Keyword::Insert => State::Insert,
            Keyword::Update => State::UpdateTarget,
            Keyword::Merge | Keyword::Replace => State::Target { or: false },
            Keyword::Delete => State::Delete,
            Keyword::Select | Keyword::With | Keyword::Values => {
                self.maybe_query(token, keyword);
                return false;
            }
            Keyword::Table if self.is_table_query(token) => {
                return self.operation(token, State::Target { or: false });
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
            Keyword::Table
                if matches!(
                    self.state,
                    State::Parenthesis | State::SetOperation | State::AfterAs | State::TableParenthesis
                ) && self.is_table_query(token) =>
            {
                self.operation(token, State::Target { or: false });
            }
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
            Keyword::Table if self.state == State::TableParenthesis && self.is_table_query(token) => {
                self.operation(token, State::Target { or: false })
            }
            _ => self.target(token, State::AfterTable),
        }
    }

    fn after_table(&mut self, token: Token, keyword: Keyword) {
        let is_settings = self.sql[token.start..token.end].eq_ignore_ascii_case("settings")
            && begins_single_assignment(self.sql.as_bytes(), token.end);
        self.state = match keyword {
            // ClickHouse
            _ if is_settings => State::Rest,
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

    /// Reads a word after `INSERT`. `INTO` may be missing in T-SQL and MySQL.
    fn insert(&mut self, token: Token, keyword: Keyword) -> bool {
        match keyword {
            Keyword::Into => self.state = State::InsertTarget,
            Keyword::All => self.state = State::InsertMany,
            _ if self.is_whole_insert(token) => return self.target(token, State::AfterInsertTarget),
            _ => {}
        }
        false
    }

    /// Returns whether the name that begins with `token` is the table of an `INSERT` without `INTO`.
    pub(super) fn is_whole_insert(&self, token: Token) -> bool {
        const THEN: [&[u8]; 8] =
            [b"DEFAULT", b"EXEC", b"EXECUTE", b"OUTPUT", b"SELECT", b"SET", b"VALUES", b"WITH"];
        let bytes = &self.sql.as_bytes()[token.start..];
        let is_name =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"_.[]\"`#@$".contains(byte) || *byte >= 0x80;
        let length = bytes.iter().position(|byte| !is_name(byte)).unwrap_or(bytes.len());
        let is_modifier = next_word(bytes, 0).eq_ignore_ascii_case(b"TOP");
        let then = next_word(bytes, length);
        !is_modifier
            && (next_byte(bytes, length) == Some(b'(')
                || THEN.iter().any(|word| then.eq_ignore_ascii_case(word)))
    }

    fn after_insert_target(&mut self, token: Token, keyword: Keyword) {
        match keyword {
            Keyword::Select | Keyword::With => self.maybe_query(token, keyword),
            Keyword::Table if self.is_table_query(token) => {
                self.operation(token, State::Target { or: false });
            }
            Keyword::Values | Keyword::Set | Keyword::On | Keyword::Returning => self.state = State::Rest,
            _ => {}
        }
    }

    /// Returns whether `token` begins the query `TABLE name`.
    fn is_table_query(&self, token: Token) -> bool {
        let bytes = self.sql.as_bytes();
        let begins_name = next_byte(bytes, token.end)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || b"_\"`[#".contains(&byte) || byte >= 0x80);
        let word = next_word(bytes, token.end);
        let others: [&[u8]; 5] = [b"WHERE", b"SET", b"OF", b"AS", b"VALUES"];
        begins_name && !others.iter().any(|other| word.eq_ignore_ascii_case(other))
    }

    /// Returns whether `token` is the table of a `DELETE` without `FROM`.
    fn is_whole_delete(&self, token: Token) -> bool {
        let bytes = self.sql.as_bytes();
        matches!(next_byte(bytes, token.end), None | Some(b';'))
            || next_word(bytes, token.end).eq_ignore_ascii_case(b"WHERE")
    }

    fn update_target(&mut self, token: Token, keyword: Keyword) -> bool {
        self.state = State::Target { or: false };
        if keyword != Keyword::Statistics {
            return self.statement_target(token, keyword, false);
        }
        // A table may have this name too: `UPDATE statistics SET …`, `UPDATE statistics s SET …`.
        let bytes = self.sql.as_bytes();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_[\"`#".contains(&byte);
        let word = next_word(bytes, token.end);
        let after = bytes[token.end..].trim_ascii_start().get(word.len()..).unwrap_or_default();
        let is_table = word.eq_ignore_ascii_case(b"SET")
            || word.eq_ignore_ascii_case(b"AS")
            || next_word(after, 0).eq_ignore_ascii_case(b"SET")
            || !next_byte(bytes, token.end).is_some_and(is_word);
        if is_table {
            return self.statement_target(token, keyword, false);
        }
        self.operation(token, State::Target { or: false })
    }

    /// Reads the name of the procedure, database or setting.
    fn called(&mut self, token: Token, keyword: Keyword) -> bool {
        let is_variable = self.sql[token.start..token.end].starts_with('@');
        if is_variable && next_byte(self.sql.as_bytes(), token.end) == Some(b'=') {
            self.state = State::ReturnVariable;
            return false;
        }
        let is_kind = matches!(keyword, Keyword::Procedure | Keyword::Function)
            && next_byte(self.sql.as_bytes(), token.end).is_some_and(|byte| byte.is_ascii_alphabetic());
        if is_kind {
            return false;
        }
        self.target(token, State::Rest)
    }

    fn statement_target(&mut self, token: Token, keyword: Keyword, or: bool) -> bool {
        match keyword {
            Keyword::Or => self.state = State::Target { or: true },
            Keyword::Only | Keyword::Into | Keyword::LowPriority | Keyword::Ignore => {}
            Keyword::Top if next_byte(self.sql.as_bytes(), token.end) == Some(b'(') => {}
            _ if or => self.state = State::Target { or: false },
            _ => return self.target(token, State::Rest),
        }
        false
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
