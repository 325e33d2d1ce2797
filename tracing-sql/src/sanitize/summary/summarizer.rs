//! Follows the tokens of a query through parentheses, names and statements.

use super::routine::Routine;
use super::state::State;
use super::text::SummaryText;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::{Kind, Token};

#[derive(Debug)]
pub(in crate::sanitize) struct Summarizer<'a> {
    pub(super) sql: &'a str,
    pub(super) text: SummaryText,
    pub(super) state: State,
    /// The states around the open parentheses.
    pub(super) outer: Vec<State>,
    /// Names of common table expressions.
    pub(super) ctes: Vec<&'a str>,
    /// The one whose body is being read. It cannot refer to itself.
    pub(super) hidden_cte: Option<(&'a str, usize)>,
    pub(super) recursive: bool,
    /// A name that may continue with a dot.
    pub(super) path: Option<(usize, usize)>,
    pub(super) after_distinct: bool,
    pub(super) may_have_password: bool,
    /// Whether the statement creates or alters an object.
    pub(super) defines: bool,
    /// Whether there is one object of the kind, without a name.
    pub(super) has_no_name: bool,
    pub(super) routine: Routine,
    pub(super) writes: bool,
}

impl<'a> Summarizer<'a> {
    pub(in crate::sanitize) fn new(sql: &'a str) -> Self {
        Self {
            sql,
            text: SummaryText::new(),
            state: State::Begin,
            outer: Vec::new(),
            ctes: Vec::new(),
            hidden_cte: None,
            recursive: false,
            path: None,
            after_distinct: false,
            may_have_password: false,
            defines: false,
            has_no_name: false,
            routine: Routine::default(),
            writes: false,
        }
    }

    /// Returns whether the statement manages users, keys or settings, so that it may contain unquoted passwords.
    pub(in crate::sanitize) fn may_have_password(&self) -> bool {
        self.may_have_password
    }

    /// Returns whether the statement belongs to the body of a routine.
    pub(in crate::sanitize) fn is_in_routine(&self) -> bool {
        self.routine.is_open()
    }

    pub(in crate::sanitize) fn writes(&self) -> bool {
        self.writes
    }

    pub(in crate::sanitize) fn end_statement(&mut self) {
        self.end_path();
        self.text.end_statement();
        self.routine.end_statement();
        self.defines = false;
        self.has_no_name = false;
        self.state = State::Begin;
        self.outer.clear();
        self.ctes.clear();
        self.hidden_cte = None;
        self.recursive = false;
        self.may_have_password = false;
    }

    pub(in crate::sanitize) fn finish(mut self) -> String {
        self.end_path();
        self.text.finish()
    }

    /// Reads a token that is neither white space nor a comment nor a semicolon. Returns whether it can only be a name.
    #[inline]
    pub(in crate::sanitize) fn token(&mut self, token: Token, keyword: Keyword, sign: u8) -> bool {
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
            kind => {
                if kind == Kind::Literal {
                    self.routine.literal();
                }
                self.value();
            }
        }
        false
    }

    fn continues_path(&mut self, token: Token, sign: u8) -> bool {
        let Some((_, end)) = &mut self.path else { return false };
        let after_dot = self.sql.as_bytes()[*end - 1] == b'.';
        let continues = token.start == *end
            && match token.kind {
                Kind::Sign => sign == b'.',
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

    /// Begins a target with `token`.
    pub(super) fn target(&mut self, token: Token, then: State) -> bool {
        self.path = Some((token.start, token.end));
        self.state = then;
        true
    }

    pub(super) fn operation(&mut self, token: Token, then: State) -> bool {
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

    /// Reads a token that is neither a name nor a meaningful sign.
    pub(super) fn value(&mut self) {
        self.state = match self.state {
            State::Begin => State::Nothing,
            State::Parenthesis | State::CteParenthesis | State::SetOperation => State::Rest,
            State::Table { .. } | State::TableParenthesis => State::AfterTable,
            State::UpdateTarget | State::Target { .. } | State::Name | State::LockTarget => State::Rest,
            State::ReturnVariable => State::Name,
            State::Object | State::ObjectName | State::AfterAs => State::AfterObject,
            State::Transaction => State::Nothing,
            state => state,
        };
    }

    /// Reads a quoted name.
    fn name(&mut self, token: Token) -> bool {
        match self.state {
            State::Columns => true,
            State::ColumnParenthesis => {
                self.state = State::Columns;
                true
            }
            State::Table { .. } | State::TableParenthesis => self.target(token, State::AfterTable),
            State::Insert if self.is_whole_insert(token) => self.target(token, State::AfterInsertTarget),
            State::InsertTarget => self.target(token, State::AfterInsertTarget),
            State::UpdateTarget | State::Target { .. } | State::Name | State::LockTarget => {
                self.target(token, State::Rest)
            }
            State::ObjectName => self.target(token, State::AfterObject),
            State::CteName => self.cte(token),
            _ => {
                self.value();
                false
            }
        }
    }

    pub(super) fn cte(&mut self, token: Token) -> bool {
        let name = &self.sql[token.start..token.end];
        if !self.recursive {
            self.hidden_cte = Some((name, self.outer.len()));
        }
        self.ctes.push(name);
        self.state = State::CteHead;
        true
    }
}
