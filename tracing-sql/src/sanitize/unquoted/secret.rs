//! Passwords, keys and other secrets.

use super::secret_word::{introduces_password, introduces_secret, names_secret};
use super::tracker::{Mode, Seen, Statement, Tracker, Verdict};
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Kind;
use crate::sanitize::lookahead::{follows_equals, is_assigned, next_byte, next_word};

impl Tracker<'_> {
    pub(super) fn in_secret(&mut self, seen: Seen) -> Verdict {
        match seen.keyword {
            Keyword::Password | Keyword::By | Keyword::As | Keyword::Values => return Verdict::Show,
            Keyword::To | Keyword::From | Keyword::On | Keyword::Is | Keyword::Null => {
                self.mode = self.resume;
                return Verdict::Show;
            }
            _ => {}
        }
        match seen.sign {
            b'=' | b':' | b'>' => return Verdict::Show,
            b'(' => {
                self.mode = Mode::SecretParenthesis { depth: self.depth + 1 };
                return Verdict::Show;
            }
            b',' | b')' | b']' | b'.' | b'*' => {
                self.mode = self.resume;
                return Verdict::Show;
            }
            _ => {}
        }
        self.mode = self.resume;
        if seen.token.kind == Kind::Parameter { Verdict::Show } else { Verdict::Hide }
    }

    pub(super) fn look_for_secret(&mut self, seen: Seen, text: &str, may_have_secret: bool) {
        let word = text.as_bytes();
        // `=` after such a name sets an option, even of a table.
        let defines =
            matches!(self.statement, Statement::Create | Statement::Alter { .. } | Statement::CreateRoutine);
        if (may_have_secret || defines) && names_secret(word) && is_assigned(self.bytes(), seen.token.end) {
            self.expect_secret(Mode::Free);
        } else if defines && seen.keyword == Keyword::Options && self.depth == 0 {
            self.mode = Mode::Options;
        } else if may_have_secret && !follows_equals(self.bytes(), seen.token.start) {
            match seen.keyword {
                Keyword::Identified => self.mode = Mode::Identified,
                Keyword::Options => self.mode = Mode::Options,
                _ if introduces_password(word)
                    || (introduces_secret(word) && (self.depth > 0 || self.begins_option)) =>
                {
                    self.expect_secret(Mode::Free);
                }
                _ => {}
            }
        }
    }

    /// Looks for a quoted name of an option whose value is a secret, as in `WITH ("connection-password" = word)`.
    pub(super) fn look_for_quoted_option(&mut self, seen: Seen, may_have_secret: bool) {
        let defines =
            matches!(self.statement, Statement::Create | Statement::Alter { .. } | Statement::CreateRoutine);
        let name = self.text(seen.token).as_bytes();
        let name = name.get(1..name.len().saturating_sub(1)).unwrap_or_default();
        if (may_have_secret || defines) && names_secret(name) && is_assigned(self.bytes(), seen.token.end) {
            self.expect_secret(Mode::Free);
        }
    }

    /// Continues after the password of `IDENTIFIED BY`. Returns `None` if nothing special follows.
    pub(super) fn continue_identified(&mut self, seen: Seen) -> Option<Verdict> {
        match seen.keyword {
            Keyword::Replace => {
                self.mode = Mode::OldPassword;
                return Some(Verdict::DropWithSpace);
            }
            Keyword::Or => {
                self.mode = Mode::Identified;
                return Some(Verdict::Show);
            }
            _ => {}
        }
        // `GRANT … TO a, b IDENTIFIED BY word, word`
        if seen.sign == b',' {
            let (bytes, at) = (self.bytes(), seen.token.end);
            let word = next_word(bytes, at);
            let end = bytes.len() - bytes[at..].trim_ascii_start().len() + word.len();
            if !word.is_empty() && matches!(next_byte(bytes, end), None | Some(b',' | b';')) {
                self.expect_secret(Mode::Free);
                self.after_identified = true;
                return Some(Verdict::Show);
            }
        }
        None
    }

    pub(super) fn expect_secret(&mut self, resume: Mode) {
        self.mode = Mode::Secret;
        self.resume = resume;
        self.after_identified = false;
    }
}
