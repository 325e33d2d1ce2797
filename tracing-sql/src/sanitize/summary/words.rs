//! What each word of a query leads to.

use super::state::State;
use super::summarizer::Summarizer;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Token;

impl Summarizer<'_> {
    pub(super) fn word(&mut self, token: Token, keyword: Keyword) -> bool {
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
