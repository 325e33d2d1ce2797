//! Passwords, keys and other secrets.

use super::secret_word::{introduces_password, introduces_secret, names_secret};
use super::tracker::{Mode, Seen, Statement, Tracker, Verdict};
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Kind;
use crate::sanitize::lookahead::is_assigned;

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
        } else if may_have_secret {
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

    pub(super) fn expect_secret(&mut self, resume: Mode) {
        self.mode = Mode::Secret;
        self.resume = resume;
        self.after_identified = false;
    }
}
