//! Arguments of procedures and values of options.

use super::harmless::is_exec_word;
use super::tracker::{Mode, Seen, Tracker, Verdict};
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Kind;

impl Tracker<'_> {
    pub(super) fn in_procedure(&mut self, seen: Seen) -> Verdict {
        let token = seen.token;
        let goes_on = match self.name {
            None => true,
            Some((start, end)) => {
                end == token.start
                    && (matches!(seen.sign, b'.' | b';') || self.sql[start..end].ends_with('.'))
            }
        };
        let begins_name = token.kind != Kind::Sign
            && !self.text(token).starts_with('@')
            && !matches!(seen.keyword, Keyword::Procedure | Keyword::Function);
        if seen.sign == b'(' || (self.name.is_none() && is_exec_word(self.text(token))) {
            self.mode = Mode::Arguments;
            return Verdict::Show;
        }
        if goes_on {
            if self.name.is_some() || begins_name {
                self.name = Some((self.name.map_or(token.start, |(start, _)| start), token.end));
            }
            return Verdict::Show;
        }
        self.mode = Mode::Arguments;
        self.in_arguments(seen)
    }

    pub(super) fn in_arguments(&mut self, seen: Seen) -> Verdict {
        match seen.token.kind {
            Kind::Word => {
                let text = self.text(seen.token);
                if text.starts_with('@') || is_exec_word(text) { Verdict::Show } else { Verdict::Hide }
            }
            Kind::Name | Kind::DoubleQuoted => Verdict::Hide,
            _ => Verdict::Show,
        }
    }

    pub(super) fn in_option_value(&mut self, seen: Seen) -> Verdict {
        match seen.sign {
            b',' if self.depth == self.options_depth => {
                self.mode = Mode::OptionName;
                Verdict::Show
            }
            _ => Self::hide_unless_sign(seen),
        }
    }
}
