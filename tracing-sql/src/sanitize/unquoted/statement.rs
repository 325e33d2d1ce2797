//! The words of a statement that determine which values can follow.

use super::harmless::has_settings;
use super::secret_word::introduces_password;
use super::tracker::{Mode, Seen, Statement, Tracker};
use crate::sanitize::dialect::Dialect;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lookahead::{begins_single_assignment, next_byte, next_word};

impl Tracker<'_> {
    pub(super) fn first_word(&mut self, seen: Seen) {
        let text = self.text(seen.token);
        let is_generic = self.dialect == Dialect::Generic;
        if std::mem::take(&mut self.explains) && is_word_of_explain(text) {
            self.words = 0;
            self.explains = true;
            return;
        }
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
            | Keyword::Table => self.statement = Statement::Query,
            // The statement that is explained follows.
            Keyword::Explain => {
                self.statement = Statement::Query;
                self.words = 0;
                self.explains = true;
            }
            _ if is_generic && is_system_procedure(&self.bytes()[seen.token.start..]) => {
                self.mode = Mode::Procedure;
                self.name = Some((seen.token.start, seen.token.end));
            }
            _ if text.eq_ignore_ascii_case("conn") => self.statement = Statement::Connect,
            _ if text.eq_ignore_ascii_case("define") => self.mode = Mode::SettingName { words: false },
            _ => {}
        }
    }

    pub(super) fn next_word(&mut self, seen: Seen, may_have_secret: bool) {
        let text = self.text(seen.token);
        if matches!(self.mode, Mode::Free | Mode::SettingValue { .. }) && self.begins_procedure(seen) {
            self.mode = Mode::Procedure;
            self.name = None;
            return;
        }
        if self.mode == Mode::Free && self.begins_definition(seen) {
            self.restart();
            self.words = 1;
            self.first_word(seen);
            return;
        }
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
        if self.begins_settings(seen, text) {
            self.mode = Mode::SettingName { words: false };
            self.name = None;
            self.after_value = false;
            return;
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
            (Statement::Create | Statement::Alter { .. } | Statement::Copy { .. }, Keyword::Select) => {
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
            // `CONNECT TO d USER u USING word NEW word CONFIRM word`
            (Statement::Connect, _) if ["new", "confirm"].iter().any(|it| text.eq_ignore_ascii_case(it)) => {
                self.expect_secret(Mode::Free);
            }
            (Statement::Insert, Keyword::Select | Keyword::With) => self.statement = Statement::Query,
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

    /// Returns whether the word is `EXEC` or `EXECUTE` before the name of a procedure. In T-SQL, it needs no semicolon
    /// before it.
    fn begins_procedure(&self, seen: Seen) -> bool {
        if self.dialect != Dialect::Generic
            || self.depth > 0
            || !matches!(seen.keyword, Keyword::Exec | Keyword::Execute)
        {
            return false;
        }
        let (bytes, end) = (self.bytes(), seen.token.end);
        // A literal or a parenthesis holds no unquoted value.
        let begins_name = next_byte(bytes, end)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || b"_[@#\"".contains(&byte) || byte >= 0x80);
        begins_name && !is_word_after_execute(next_word(bytes, end))
    }

    /// Returns whether the word begins the definition of something that has a password, without a semicolon before it.
    fn begins_definition(&self, seen: Seen) -> bool {
        const OBJECTS: [&[u8]; 9] = [
            b"APPLICATION",
            b"ASYMMETRIC",
            b"CERTIFICATE",
            b"CREDENTIAL",
            b"LOGIN",
            b"MASTER",
            b"ROLE",
            b"SYMMETRIC",
            b"USER",
        ];
        let next = next_word(self.bytes(), seen.token.end);
        self.dialect == Dialect::Generic
            && self.depth == 0
            && matches!(seen.keyword, Keyword::Alter | Keyword::Create | Keyword::Open)
            && OBJECTS.iter().any(|object| next.eq_ignore_ascii_case(object))
    }

    /// Returns whether the word is `SETTINGS` before a setting, as in ClickHouse.
    fn begins_settings(&self, seen: Seen, text: &str) -> bool {
        let (bytes, end) = (self.bytes(), seen.token.end);
        self.mode == Mode::Free
            && self.dialect == Dialect::Generic
            && text.eq_ignore_ascii_case("settings")
            && bytes.get(end).is_some_and(u8::is_ascii_whitespace)
            && begins_single_assignment(bytes, end)
    }
}

/// Returns whether this word between `EXPLAIN` and a statement belongs to `EXPLAIN`.
fn is_word_of_explain(word: &str) -> bool {
    ["ANALYZE", "EXTENDED", "FOR", "PLAN", "QUERY", "VERBOSE"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// Returns whether this word cannot be the name of a procedure after `EXECUTE`: `GRANT EXECUTE ON p`, `SELECT exec FROM
/// t`.
fn is_word_after_execute(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 24] = [
        b"AND",
        b"ANY",
        b"AS",
        b"ASC",
        b"BETWEEN",
        b"DESC",
        b"ELSE",
        b"END",
        b"FROM",
        b"FUNCTION",
        b"GROUP",
        b"IMMEDIATE",
        b"IN",
        b"IS",
        b"LIKE",
        b"LIMIT",
        b"NOT",
        b"ON",
        b"OR",
        b"ORDER",
        b"PROCEDURE",
        b"THEN",
        b"TO",
        b"WHERE",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Returns whether a text begins with the name of a system procedure of SQL Server: `sp_who`, `master..xp_cmdshell`.
fn is_system_procedure(bytes: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.[]".contains(byte);
    let path = &bytes[..bytes.iter().position(|byte| !is_name(byte)).unwrap_or(bytes.len())];
    let last = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let last = last.strip_prefix(b"[").unwrap_or(last);
    last.len() > 3 && (last[..3].eq_ignore_ascii_case(b"sp_") || last[..3].eq_ignore_ascii_case(b"xp_"))
}
