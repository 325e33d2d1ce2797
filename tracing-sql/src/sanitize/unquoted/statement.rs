//! The words of a statement that determine which values can follow.

use super::harmless::has_settings;
use super::secret_word::introduces_password;
use super::tracker::{Mode, Seen, Statement, Tracker};
use crate::sanitize::dialect::Dialect;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lookahead::next_word;

impl Tracker<'_> {
    pub(super) fn first_word(&mut self, seen: Seen) {
        let text = self.text(seen.token);
        let is_generic = self.dialect == Dialect::Generic;
        let is_system_procedure = is_generic
            && text.len() > 3
            && (text.as_bytes()[..3].eq_ignore_ascii_case(b"sp_")
                || text.as_bytes()[..3].eq_ignore_ascii_case(b"xp_"));
        self.statement = Statement::Other;
        match seen.keyword {
            Keyword::Set => self.mode = Mode::SettingName { words: false },
            Keyword::Pragma => self.mode = Mode::PragmaName,
            Keyword::Exec | Keyword::Execute if is_generic => self.mode = Mode::Procedure,
            Keyword::Connect => self.statement = Statement::Connect,
            Keyword::Alter => self.statement = Statement::Alter { has_settings: false },
            Keyword::Create => self.statement = Statement::Create,
            Keyword::Copy => self.statement = Statement::Copy { from: false, stdin: false },
            Keyword::Attach => self.statement = Statement::Attach,
            Keyword::Insert => self.statement = Statement::Insert,
            Keyword::Select
            | Keyword::Update
            | Keyword::Delete
            | Keyword::Merge
            | Keyword::Replace
            | Keyword::With
            | Keyword::Values
            | Keyword::Table
            | Keyword::Explain => self.statement = Statement::Query,
            _ if is_system_procedure => self.mode = Mode::Arguments,
            _ if text.eq_ignore_ascii_case("conn") => self.statement = Statement::Connect,
            _ if text.eq_ignore_ascii_case("define") => self.mode = Mode::SettingName { words: false },
            _ => {}
        }
    }

    pub(super) fn next_word(&mut self, seen: Seen, may_have_secret: bool) {
        let text = self.text(seen.token);
        match self.mode {
            Mode::OptionName => {
                if !matches!(seen.keyword, Keyword::Add | Keyword::Set | Keyword::Drop) {
                    self.mode = Mode::OptionValue;
                }
                return;
            }
            Mode::Identified => {
                if matches!(seen.keyword, Keyword::By | Keyword::As | Keyword::Using) {
                    self.expect_secret(Mode::Free);
                    self.after_identified = true;
                }
                return;
            }
            Mode::Format => {
                self.mode = Mode::Text;
                return;
            }
            Mode::Options => self.mode = Mode::Free,
            Mode::Free => {}
            Mode::SettingName { words: true } if introduces_password(text.as_bytes()) => {
                self.expect_secret(Mode::Free);
                return;
            }
            Mode::SettingName { words: true } if seen.keyword == Keyword::Identified => {
                self.mode = Mode::Identified;
                return;
            }
            _ => return,
        }
        self.in_statement(seen, text);
        if self.mode == Mode::Free && self.statement != Statement::Query {
            self.look_for_secret(seen, text, may_have_secret);
        }
    }

    /// Tracks the words of statements that can contain unquoted values.
    pub(super) fn in_statement(&mut self, seen: Seen, text: &str) {
        match (self.statement, seen.keyword) {
            (Statement::Alter { .. }, _) if self.words == 2 => {
                self.statement = Statement::Alter { has_settings: has_settings(text) };
            }
            (Statement::Alter { has_settings: true } | Statement::CreateRoutine, Keyword::Set)
                if self.depth == 0 =>
            {
                // `CHARACTER SET` does not name a setting.
                self.mode = Mode::SettingName { words: true };
                self.name = None;
            }
            (Statement::Create | Statement::Alter { .. }, Keyword::Select) => {
                self.statement = Statement::Query
            }
            (Statement::Create, Keyword::Function | Keyword::Procedure) => {
                self.statement = Statement::CreateRoutine;
            }
            (Statement::CreateRoutine, Keyword::Begin | Keyword::As | Keyword::Update | Keyword::Return) => {
                self.statement = Statement::Other;
            }
            (Statement::Create, _) if text.eq_ignore_ascii_case("secret") => {
                self.statement = Statement::CreateSecret;
            }
            (Statement::Copy { stdin, .. }, Keyword::From) if self.depth == 0 => {
                self.statement = Statement::Copy { from: true, stdin };
            }
            (Statement::Copy { from: true, .. }, _) if text.eq_ignore_ascii_case("stdin") => {
                self.statement = Statement::Copy { from: true, stdin: true };
            }
            (Statement::Attach, Keyword::Key) | (Statement::Connect, Keyword::Using) => {
                self.expect_secret(Mode::Free);
            }
            (Statement::Insert, Keyword::Select | Keyword::With) => self.statement = Statement::Query,
            (Statement::Insert | Statement::Other, Keyword::Exec)
                if self.dialect == Dialect::Generic
                    && !next_word(self.bytes(), seen.token.end).eq_ignore_ascii_case(b"ON") =>
            {
                self.mode = Mode::Procedure;
                self.name = None;
            }
            (Statement::Insert, Keyword::Format)
                if self.dialect == Dialect::Generic
                    && self.depth == 0
                    && !next_word(self.bytes(), seen.token.end).is_empty() =>
            {
                self.mode = Mode::Format;
            }
            _ => {}
        }
    }
}
