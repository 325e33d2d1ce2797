//! Values of settings: `SET`, `ALTER … SET`, `PRAGMA`.

use super::harmless::{is_harmless_pragma, is_harmless_setting, is_harmless_value, is_set_form};
use super::tracker::{Mode, Seen, Statement, Tracker, Verdict};
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Kind;
use crate::sanitize::lookahead::{begins_assignment, is_assigned, next_byte};

impl Tracker<'_> {
    pub(super) fn in_setting_name(&mut self, seen: Seen, words: bool) -> Verdict {
        let token = seen.token;
        if matches!(seen.sign, b'=') || seen.keyword == Keyword::To {
            self.mode = self.value_of_setting();
            return Verdict::Show;
        }
        match token.kind {
            Kind::Word | Kind::Name | Kind::DoubleQuoted => {
                let (is_first, goes_on, is_scope) = match self.name {
                    None => (true, false, false),
                    Some((start, end)) => (
                        false,
                        end == token.start && self.sql[start..end].ends_with('.'),
                        is_scope(&self.sql[start..end]),
                    ),
                };
                if goes_on {
                    self.name = self.name.map(|(start, _)| (start, token.end));
                    return Verdict::Show;
                }
                if (is_first || is_scope)
                    && is_set_form(self.text(token))
                    && !is_assigned(self.bytes(), token.end)
                {
                    self.mode = Mode::Free;
                    return Verdict::Show;
                }
                if is_first || is_scope || words {
                    self.name = Some((token.start, token.end));
                    return Verdict::Show;
                }
                // A value without `=`, as in `SET LANGUAGE french`.
                self.mode = self.value_of_setting();
                self.judge_value(seen)
            }
            Kind::Sign if seen.sign == b'.' => {
                self.name = self.name.map(|(start, _)| (start, token.end));
                Verdict::Show
            }
            Kind::Sign if seen.sign == b',' => {
                self.name = None;
                Verdict::Show
            }
            _ => Verdict::Show,
        }
    }

    pub(super) fn value_of_setting(&mut self) -> Mode {
        let name = self.name.take().map_or("", |(start, end)| &self.sql[start..end]);
        Mode::SettingValue {
            shows: is_harmless_setting(name),
            is_variable: name.starts_with('@') && !name.starts_with("@@"),
        }
    }

    pub(super) fn in_setting_value(&mut self, seen: Seen, shows: bool, is_variable: bool) -> Verdict {
        let token = seen.token;
        let after_value = std::mem::replace(&mut self.after_value, matches!(seen.sign, 0 | b'?'));
        let has_clauses =
            matches!(self.statement, Statement::CreateRoutine | Statement::Query | Statement::Insert);
        if after_value && token.kind == Kind::Word && has_clauses {
            // The next clause of the routine or the query.
            self.mode = Mode::Free;
            return Verdict::Show;
        }
        if after_value && begins_statement(seen.keyword) {
            // T-SQL needs no semicolon, and `SET STATEMENT x = 1 FOR SELECT …` of MariaDB has none.
            self.restart();
            return Verdict::Show;
        }
        match token.kind {
            Kind::Word => {
                let text = self.text(token);
                let follows = next_byte(self.bytes(), token.end);
                let is_function = follows == Some(b'(');
                let is_lone = matches!(follows, None | Some(b';' | b','));
                if self.depth > 0 && seen.keyword == Keyword::Select {
                    self.mode = Mode::SettingQuery { depth: self.depth };
                    return Verdict::Show;
                }
                if shows
                    || is_function
                    || text.starts_with('@')
                    || is_harmless_value(text)
                    || (is_variable && !is_lone)
                {
                    Verdict::Show
                } else {
                    Verdict::Hide
                }
            }
            Kind::Name | Kind::DoubleQuoted if !shows => Verdict::Hide,
            Kind::Sign if seen.sign == b',' && self.depth == 0 => {
                if begins_assignment(self.bytes(), token.end) {
                    self.mode = Mode::SettingName { words: false };
                }
                Verdict::Show
            }
            _ => Verdict::Show,
        }
    }

    pub(super) fn in_pragma_name(&mut self, seen: Seen) -> Verdict {
        let token = seen.token;
        let goes_on = match self.name {
            None => seen.sign == 0,
            Some((start, end)) => {
                end == token.start && (seen.sign == b'.' || self.sql[start..end].ends_with('.'))
            }
        };
        if goes_on {
            self.name = Some((self.name.map_or(token.start, |(start, _)| start), token.end));
            return Verdict::Show;
        }
        let name = self.name.take().map_or("", |(start, end)| &self.sql[start..end]);
        if is_harmless_pragma(name) {
            self.mode = Mode::Free;
            return Verdict::Show;
        }
        self.mode = Mode::PragmaValue { parenthesis: seen.sign == b'(' };
        if matches!(seen.sign, b'=' | b'(') { Verdict::Show } else { self.hide_once() }
    }

    pub(super) fn in_pragma_value(&mut self, seen: Seen, parenthesis: bool) -> Verdict {
        if parenthesis && seen.sign == b')' && self.depth <= 1 {
            self.mode = Mode::Statement;
            self.is_hidden = false;
            return Verdict::Show;
        }
        match seen.sign {
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.hide_once()
    }
}

/// Returns whether a statement can begin with this word after the value of a setting.
fn begins_statement(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::Alter
            | Keyword::Backup
            | Keyword::Begin
            | Keyword::Create
            | Keyword::Declare
            | Keyword::Delete
            | Keyword::Deny
            | Keyword::Drop
            | Keyword::Exec
            | Keyword::Execute
            | Keyword::Grant
            | Keyword::If
            | Keyword::Insert
            | Keyword::Merge
            | Keyword::Open
            | Keyword::Restore
            | Keyword::Revoke
            | Keyword::Select
            | Keyword::Set
            | Keyword::Truncate
            | Keyword::Update
            | Keyword::Use
            | Keyword::With
    )
}

fn is_scope(word: &str) -> bool {
    ["GLOBAL", "SESSION", "LOCAL", "OPTION", "PERSIST", "PERSIST_ONLY", "STATEMENT"]
        .iter()
        .any(|scope| word.eq_ignore_ascii_case(scope))
}
