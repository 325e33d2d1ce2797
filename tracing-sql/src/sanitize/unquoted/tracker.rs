//! Tracks a query and finds its unquoted values.

use crate::sanitize::dialect::Dialect;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::{Kind, Token};

/// The decision about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sanitize) enum Verdict {
    /// It is not an unquoted value.
    Show,
    /// It becomes `?`.
    Hide,
    /// It belongs to a value that has already become `?`.
    Drop,
    /// Like `Drop`, and the space before it is dropped too.
    DropWithSpace,
}

/// A token and its properties.
#[derive(Debug, Clone, Copy)]
pub(in crate::sanitize) struct Seen {
    pub(in crate::sanitize) token: Token,
    pub(in crate::sanitize) keyword: Keyword,
    /// The character of a sign, otherwise 0.
    pub(in crate::sanitize) sign: u8,
}

/// The tracker's position in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Anywhere else.
    Free,
    /// In the name of a setting. Whether the name may have several words.
    SettingName {
        words: bool,
    },
    SettingValue {
        shows: bool,
        is_variable: bool,
    },
    /// In a query that is the value of a setting, inside this many parentheses.
    SettingQuery {
        depth: usize,
    },
    PragmaName,
    /// Until the end of the statement, or the parenthesis.
    PragmaValue {
        parenthesis: bool,
    },
    Procedure,
    Arguments,
    /// After `OPTIONS`.
    Options,
    OptionName,
    OptionValue,
    /// After `IDENTIFIED`.
    Identified,
    /// Before a secret.
    Secret,
    SecretParenthesis {
        depth: usize,
    },
    /// After `REPLACE`, which an old password follows.
    OldPassword,
    /// After `FORMAT` in an `INSERT`.
    Format,
    /// In a value that extends to the end of the statement.
    Statement,
    /// In a value that extends to the end of the text.
    Text,
}

/// The first word of a statement, if it is relevant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    None,
    Alter { has_settings: bool },
    Create,
    CreateRoutine,
    CreateSecret,
    Copy { from: bool, stdin: bool },
    Attach,
    Connect,
    Insert,
    Query,
    Other,
}

#[derive(Debug)]
pub(in crate::sanitize) struct Tracker<'a> {
    pub(super) sql: &'a str,
    pub(super) dialect: Dialect,
    pub(super) mode: Mode,
    /// The mode after a secret.
    pub(super) resume: Mode,
    pub(super) statement: Statement,
    /// The words of the statement so far.
    pub(super) words: u32,
    /// Whether the first words were `EXPLAIN`, and the statement follows.
    pub(super) explains: bool,
    /// The number of open parentheses, and of those around the options that are being read.
    pub(super) depth: usize,
    pub(super) options_depth: usize,
    /// The setting or procedure whose name is being read.
    pub(super) name: Option<(usize, usize)>,
    /// The end of a token that was hidden or dropped.
    pub(super) hidden_end: Option<usize>,
    /// Whether the rest of the statement has become `?`.
    pub(super) is_hidden: bool,
    /// Whether the last token was `WITH` or a comma.
    pub(super) begins_option: bool,
    /// Whether the last secret belonged to `IDENTIFIED`.
    pub(super) after_identified: bool,
    /// Whether the last token was a value of a setting.
    pub(super) after_value: bool,
}

impl<'a> Tracker<'a> {
    pub(in crate::sanitize) fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            sql,
            dialect,
            mode: Mode::Free,
            resume: Mode::Free,
            statement: Statement::None,
            words: 0,
            explains: false,
            depth: 0,
            options_depth: 0,
            name: None,
            hidden_end: None,
            is_hidden: false,
            begins_option: false,
            after_identified: false,
            after_value: false,
        }
    }

    /// Returns whether white space, comments and semicolons are also part of a value.
    #[inline]
    pub(in crate::sanitize) fn hides_all(&self) -> bool {
        self.mode == Mode::Text
    }

    #[inline]
    pub(in crate::sanitize) fn hides_space(&self) -> bool {
        self.is_hidden && matches!(self.mode, Mode::Text | Mode::Statement | Mode::PragmaValue { .. })
    }

    /// Hides the rest of the text.
    pub(in crate::sanitize) fn hide_text(&mut self) {
        self.mode = Mode::Text;
    }

    /// Ends a statement. Returns whether lines of data follow.
    pub(in crate::sanitize) fn end_statement(&mut self) -> bool {
        let has_data = self.statement == Statement::Copy { from: true, stdin: true };
        self.restart();
        has_data
    }

    /// Treats the next word as the first one of a statement.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.sql, self.dialect);
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        &self.sql[token.start..token.end]
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.sql.as_bytes()
    }

    /// Decides about the next token.
    #[inline]
    pub(in crate::sanitize) fn judge(&mut self, seen: Seen) -> Verdict {
        if self.mode == Mode::Free && self.hidden_end.is_none() && !self.after_identified {
            return Verdict::Show;
        }
        self.judge_value(seen)
    }

    pub(super) fn judge_value(&mut self, seen: Seen) -> Verdict {
        if let Some(end) = self.hidden_end.take()
            && end == seen.token.start
            && !matches!(seen.sign, b',' | b')' | b']')
        {
            self.hidden_end = Some(seen.token.end);
            return Verdict::Drop;
        }
        if self.after_identified && self.mode == Mode::Free {
            self.after_identified = false;
            if let Some(verdict) = self.continue_identified(seen) {
                return verdict;
            }
        }
        let verdict = match self.mode {
            Mode::SettingName { words } => self.in_setting_name(seen, words),
            Mode::SettingValue { shows, is_variable } => self.in_setting_value(seen, shows, is_variable),
            Mode::PragmaName => self.in_pragma_name(seen),
            Mode::PragmaValue { parenthesis } => self.in_pragma_value(seen, parenthesis),
            Mode::Procedure => self.in_procedure(seen),
            Mode::Arguments => self.in_arguments(seen),
            Mode::OptionValue => self.in_option_value(seen),
            Mode::Secret => self.in_secret(seen),
            Mode::SecretParenthesis { depth } if self.depth >= depth => Self::hide_unless_sign(seen),
            Mode::OldPassword => {
                self.mode = Mode::Free;
                self.hidden_end = Some(seen.token.end);
                Verdict::DropWithSpace
            }
            Mode::Statement | Mode::Text => self.hide_once(),
            Mode::Options if seen.sign != b'(' => {
                self.mode = Mode::Free;
                Verdict::Show
            }
            Mode::Free
            | Mode::SettingQuery { .. }
            | Mode::Options
            | Mode::OptionName
            | Mode::Identified
            | Mode::SecretParenthesis { .. }
            | Mode::Format => Verdict::Show,
        };
        if verdict == Verdict::Hide {
            self.hidden_end = Some(seen.token.end);
        }
        verdict
    }

    pub(super) fn hide_once(&mut self) -> Verdict {
        if std::mem::replace(&mut self.is_hidden, true) { Verdict::Drop } else { Verdict::Hide }
    }

    /// Hides words and names. Literals are hidden anyway, and signs reveal nothing.
    pub(super) fn hide_unless_sign(seen: Seen) -> Verdict {
        match seen.token.kind {
            Kind::Word | Kind::Name | Kind::DoubleQuoted => Verdict::Hide,
            _ => Verdict::Show,
        }
    }

    /// Records a token that is shown. `is_target` means that it names the object of the statement, and
    /// `may_have_secret` that the statement manages users, keys or settings.
    #[inline]
    pub(in crate::sanitize) fn shown(&mut self, seen: Seen, is_target: bool, may_have_secret: bool) {
        match seen.sign {
            b'(' | b'[' => self.opened(),
            b')' | b']' => self.closed(),
            // `CONNECT scott/tiger`
            b'/' if self.statement == Statement::Connect => self.expect_secret(Mode::Free),
            _ => {}
        }
        if seen.token.kind == Kind::Word {
            self.words += 1;
            if self.words == 1 {
                self.first_word(seen);
            } else if !is_target {
                self.next_word(seen, may_have_secret);
            }
        } else if self.mode == Mode::OptionName && matches!(seen.token.kind, Kind::Name | Kind::DoubleQuoted)
        {
            self.mode = Mode::OptionValue;
        } else {
            if self.words == 0 {
                self.statement = Statement::Other;
            }
            if self.mode == Mode::Free
                && matches!(seen.token.kind, Kind::Name | Kind::DoubleQuoted | Kind::Literal)
            {
                self.look_for_quoted_option(seen, may_have_secret);
            }
        }
        self.begins_option = seen.sign == b',' || seen.keyword == Keyword::With;
    }

    fn opened(&mut self) {
        self.depth += 1;
        let is_options = self.mode == Mode::Options
            || (matches!(self.statement, Statement::CreateSecret | Statement::Attach)
                && self.mode == Mode::Free
                && self.depth == 1);
        if is_options {
            self.mode = Mode::OptionName;
            self.options_depth = self.depth;
        }
    }

    fn closed(&mut self) {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        match self.mode {
            Mode::OptionName | Mode::OptionValue if depth == self.options_depth => self.mode = Mode::Free,
            Mode::SettingQuery { depth: query } if depth == query => {
                self.mode = Mode::SettingValue { shows: false, is_variable: true };
            }
            Mode::SecretParenthesis { depth: secret } if depth <= secret => self.mode = self.resume,
            _ => {}
        }
    }
}
