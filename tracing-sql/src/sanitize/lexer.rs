//! Splits a text into tokens like the servers of its dialect.

use super::comment;
use super::dialect::{Dialect, DoubleQuotes};
use super::quoted;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Space,
    Comment,
    /// A keyword or a name without quotes.
    Word,
    /// A name in quotes.
    Name,
    /// Text in double quotes, if it may be a literal.
    DoubleQuoted,
    /// A string, or any token that is not closed.
    Literal,
    Number,
    /// `?`, `$1`.
    Parameter,
    /// One character of any other kind.
    Sign,
}

/// A part of the text. The tokens together cover the whole text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    dialect: Dialect,
    at: usize,
    /// After `E'…'`. PostgreSQL reads a string that follows as its continuation, with backslashes.
    after_escape_string: bool,
    /// In a comment that MySQL executes. Its end is a sign and does not begin another comment.
    in_executed_comment: bool,
}

/// The kind of token that a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Word,
    Digit,
    /// Depends on what follows.
    Special,
    Sign,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Sign; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t'..=b'\r' => Class::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'\'' | b'"' | b'`' | b'[' | b'-' | b'+' | b'/' | b'*' | b'#' | b'$' | b'.' | b'?' | b'@' => {
                Class::Special
            }
            _ => Class::Sign,
        };
        byte += 1;
    }
    classes
};

/// Returns whether a byte can be inside a name or a number. Non-ASCII bytes are treated as letters.
const IN_WORD: [bool; 256] = {
    let mut inside = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        inside[byte] = matches!(CLASSES[byte], Class::Word | Class::Digit) || byte as u8 == b'$';
        byte += 1;
    }
    inside
};

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            sql,
            bytes: sql.as_bytes(),
            dialect,
            at: 0,
            after_escape_string: false,
            in_executed_comment: false,
        }
    }

    /// Continues at `at`. The text before it is skipped.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.after_escape_string = false;
    }

    #[inline]
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn is_digit(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|byte| byte.is_ascii_digit())
    }

    /// Skips the characters of a word.
    #[inline]
    fn skip_word(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if IN_WORD[usize::from(byte)] {
                self.at += 1;
            } else if byte == b'@' && self.begins_variable(self.at + 1) {
                self.at += 2;
            } else {
                break;
            }
        }
    }

    /// Returns whether a name follows `@`. Numbers there are literals.
    fn begins_variable(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        self.skip_word();
        match self.peek(0) {
            Some(b'\'') => self.string_or_word(start),
            Some(b'-') if self.at == start + 8 => self.uuid_or_word(start),
            _ => Kind::Word,
        }
    }

    fn uuid_or_word(&mut self, start: usize) -> Kind {
        let Some(end) = quoted::uuid(self.bytes, start) else { return Kind::Word };
        self.at = end;
        Kind::Number
    }

    /// Reads a word before a quote, which may be the prefix of a string.
    fn string_or_word(&mut self, start: usize) -> Kind {
        let prefix = &self.bytes[start..self.at];
        if self.dialect.has_q_quotes()
            && (prefix.eq_ignore_ascii_case(b"q") || prefix.eq_ignore_ascii_case(b"nq"))
            && let Some(end) = quoted::q_quoted(self.sql, self.at)
        {
            self.at = end;
            return Kind::Literal;
        }
        if let [prefix] = prefix {
            let prefix = prefix.to_ascii_lowercase();
            if prefix == b'e' && self.dialect.has_escape_strings() {
                self.at = quoted::end(self.bytes, self.at, b'\'', true).at;
                self.after_escape_string = true;
                return Kind::Literal;
            }
            if matches!(prefix, b'n' | b'x' | b'b') {
                return self.string();
            }
        }
        Kind::Word
    }

    fn string(&mut self) -> Kind {
        let backslashes = self.dialect.has_backslashes() || self.after_escape_string;
        self.at = quoted::end(self.bytes, self.at, b'\'', backslashes).at;
        Kind::Literal
    }

    /// Reads a number and the characters attached to it: `1e-9`, `0xff`, `2020-01-02`, `1_000`, `123abc`.
    fn number(&mut self) -> Kind {
        if let Some(end) = quoted::uuid(self.bytes, self.at) {
            self.at = end;
            return Kind::Number;
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            let belongs =
                quoted::is_tag(byte) || byte == b'.' || (matches!(byte, b'+' | b'-') && self.is_digit(1));
            if !belongs {
                break;
            }
            self.at += 1;
        }
        // An `E` before a quote belongs to the string.
        if self.peek(0) == Some(b'\'') && matches!(self.bytes[self.at - 1], b'e' | b'E') {
            self.at -= 1;
        }
        Kind::Number
    }

    fn double_quoted(&mut self) -> Kind {
        let quotes = self.dialect.double_quotes();
        let backslashes = self.dialect.has_backslashes();
        let end = quoted::end(self.bytes, self.at, b'"', backslashes);
        self.at = end.at;
        match quotes {
            _ if !end.closed => Kind::Literal,
            DoubleQuotes::Name => Kind::Name,
            DoubleQuotes::Literal => Kind::Literal,
            DoubleQuotes::ByPosition | DoubleQuotes::Hidden => Kind::DoubleQuoted,
        }
    }

    fn name(&mut self, close: u8) -> Kind {
        let end = quoted::end(self.bytes, self.at, close, false);
        self.at = end.at;
        if end.closed { Kind::Name } else { Kind::Literal }
    }

    /// Reads `[name]`, unless it is an index, which follows a name or contains a number or a string.
    fn bracket(&mut self) -> Kind {
        let after_operand = self.at > 0 && is_operand_end(self.bytes[self.at - 1]);
        let is_temporary = self.dialect.has_temporary_names() && self.peek(1) == Some(b'#');
        let begins_name =
            is_temporary || self.peek(1).is_some_and(|byte| CLASSES[usize::from(byte)] == Class::Word);
        match self.dialect {
            // No other token begins with a bracket here. A possible value is hidden anyway.
            Dialect::Sqlite | Dialect::SqliteQuotedNames => {
                let start = self.at;
                let kind = self.name(b']');
                let has_quote = self.bytes[start..self.at].iter().any(|byte| matches!(byte, b'\'' | b'"'));
                if begins_name && !has_quote { kind } else { Kind::Literal }
            }
            _ if begins_name && !after_operand => self.name(b']'),
            _ => self.sign(),
        }
    }

    fn sign(&mut self) -> Kind {
        self.at += 1;
        Kind::Sign
    }

    fn dollar(&mut self) -> Kind {
        if self.dialect.has_dollar_quotes()
            && let Some(end) = quoted::dollar_quoted(self.bytes, self.at)
        {
            self.at = end;
            return Kind::Literal;
        }
        let start = self.at;
        self.at += 1;
        while self.peek(0).is_some_and(quoted::is_tag) {
            self.at += 1;
        }
        let name = &self.bytes[start + 1..self.at];
        match name.first() {
            None => Kind::Sign,
            // A parameter has few digits. Longer numbers are treated as values.
            Some(first) if first.is_ascii_digit() => {
                let is_parameter = name.len() <= 5 && name.iter().all(u8::is_ascii_digit);
                if is_parameter { Kind::Parameter } else { Kind::Number }
            }
            Some(_) => Kind::Word,
        }
    }

    fn plus_or_minus(&mut self) -> Kind {
        if let Some(end) = comment::line_end(self.bytes, self.at, self.dialect) {
            self.at = end;
            return Kind::Comment;
        }
        let before_number = self.is_digit(1) || (self.peek(1) == Some(b'.') && self.is_digit(2));
        let after_operand = self.at > 0 && is_operand_end(self.bytes[self.at - 1]);
        self.at += 1;
        if before_number && !after_operand { self.number() } else { Kind::Sign }
    }

    /// Reads the name of a temporary table of SQL Server: `#name`, `##name`.
    fn temporary_name(&mut self) -> bool {
        let hashes = if self.peek(1) == Some(b'#') { 2 } else { 1 };
        let begins_name =
            self.peek(hashes).is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80);
        let after_operand = self.at > 0 && is_operand_end(self.bytes[self.at - 1]);
        let is_name =
            self.dialect.has_temporary_names() && self.peek(0) == Some(b'#') && begins_name && !after_operand;
        if is_name {
            self.at += hashes;
            self.skip_word();
        }
        is_name
    }

    fn slash_or_hash(&mut self) -> Kind {
        if self.temporary_name() {
            return Kind::Word;
        }
        let end = comment::block_end(self.bytes, self.at, self.dialect)
            .or_else(|| comment::line_end(self.bytes, self.at, self.dialect));
        match end {
            Some(end) => {
                self.at = end;
                Kind::Comment
            }
            None if self.peek(0) == Some(b'/') && self.peek(1) == Some(b'*') => {
                // `/*!` and `/*M!` are one token, or the `M` would be a word.
                self.in_executed_comment = true;
                self.at += if self.peek(2) == Some(b'!') { 3 } else { 4 };
                Kind::Sign
            }
            None => self.sign(),
        }
    }

    fn star(&mut self) -> Kind {
        if self.in_executed_comment && self.peek(1) == Some(b'/') {
            self.in_executed_comment = false;
            self.at += 1;
        }
        self.sign()
    }

    fn question_mark(&mut self) -> Kind {
        self.at += 1;
        if !self.dialect.has_question_marks() {
            return Kind::Sign;
        }
        while self.dialect == Dialect::Sqlite && self.is_digit(0) {
            self.at += 1;
        }
        Kind::Parameter
    }

    fn special(&mut self, byte: u8) -> Kind {
        match byte {
            b'\'' => self.string(),
            b'"' => self.double_quoted(),
            b'`' if self.dialect.has_backticks() => self.name(b'`'),
            b'[' if self.dialect.has_brackets() => self.bracket(),
            b'-' | b'+' => self.plus_or_minus(),
            b'/' | b'#' => self.slash_or_hash(),
            b'*' => self.star(),
            b'$' => self.dollar(),
            b'.' if self.is_digit(1) => self.number(),
            b'?' => self.question_mark(),
            b'@' if self.peek(1) == Some(b'@') || self.begins_variable(self.at + 1) => {
                self.at += 1;
                if self.peek(0) == Some(b'@') {
                    self.at += 1;
                }
                self.skip_word();
                Kind::Word
            }
            _ => self.sign(),
        }
    }
}

/// Returns whether a byte can end an operand, so that a sign or a bracket after it is an operator.
fn is_operand_end(byte: u8) -> bool {
    IN_WORD[usize::from(byte)] || matches!(byte, b')' | b']' | b'\'' | b'"' | b'`')
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let byte = *self.bytes.get(start)?;
        let kind = match CLASSES[usize::from(byte)] {
            Class::Space => {
                self.at += 1;
                while self.peek(0).is_some_and(|byte| CLASSES[usize::from(byte)] == Class::Space) {
                    self.at += 1;
                }
                Kind::Space
            }
            Class::Word => self.word(),
            Class::Digit => self.number(),
            Class::Special => self.special(byte),
            Class::Sign => self.sign(),
        };
        if !matches!(kind, Kind::Space | Kind::Comment | Kind::Literal) {
            self.after_escape_string = false;
        }
        Some(Token { kind, start, end: self.at })
    }
}
