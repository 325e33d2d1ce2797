//! Writes the text of a query without its literals.

use super::comment;
use super::dialect::Dialect;
use super::keyword::Keyword;
use super::lexer::Token;
use super::limits::MAX_TEXT_BYTES;
use super::lists::{Change, Lists, Part};
use super::values;

const CUT: &str = "...";

/// Copies the parts that are kept, in runs as long as possible.
#[derive(Debug)]
pub(super) struct TextWriter<'a> {
    sql: &'a str,
    dialect: Dialect,
    out: String,
    /// The text before this position has been written or dropped.
    done: usize,
    /// The text before this position can be copied.
    keep: usize,
    lists: Lists,
}

impl<'a> TextWriter<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Self {
        let out = String::with_capacity(sql.len().min(MAX_TEXT_BYTES));
        Self { sql, dialect, out, done: 0, keep: 0, lists: Lists::default() }
    }

    /// Returns the length of the text so far.
    #[inline]
    fn len(&self) -> usize {
        self.out.len() + (self.keep - self.done)
    }

    /// Returns whether the text is full, even if its lists become shorter.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len() > MAX_TEXT_BYTES && !self.lists.may_shrink(self.len(), MAX_TEXT_BYTES)
    }

    /// Writes `with` instead of `token`.
    fn replace(&mut self, token: Token, with: &str) {
        self.flush();
        self.out.push_str(with);
        self.drop(token);
    }

    fn flush(&mut self) {
        self.out.push_str(&self.sql[self.done..self.keep]);
        self.done = self.keep;
    }

    /// Drops `token`.
    pub(super) fn drop(&mut self, token: Token) {
        self.flush();
        self.done = token.end;
        self.keep = token.end;
    }

    /// Drops `token` and the space before it.
    pub(super) fn drop_with_space(&mut self, token: Token) {
        self.drop(token);
        if self.out.ends_with(' ') {
            self.out.pop();
        }
    }

    /// Writes `?` for lines of data.
    pub(super) fn replace_data(&mut self, token: Token) {
        self.flush();
        if !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.out.push('?');
        self.drop(token);
    }

    pub(super) fn space(&mut self, token: Token) {
        if token.end - token.start == 1 && self.sql.as_bytes()[token.start] == b' ' {
            self.keep = token.end;
        } else {
            self.replace(token, " ");
        }
    }

    pub(super) fn comment(&mut self, token: Token) {
        let comment = &self.sql[token.start..token.end];
        if !comment::is_words(comment.as_bytes()) {
            self.replace(token, "/*?*/");
            return;
        }
        self.flush();
        let mut after_space = false;
        for letter in comment.chars() {
            let is_space = letter.is_ascii_whitespace();
            if !(is_space && after_space) {
                self.out.push(if is_space { ' ' } else { letter });
            }
            after_space = is_space;
        }
        self.drop(token);
    }

    pub(super) fn value(&mut self, token: Token) {
        self.before(Part::Value, token);
        self.replace(token, "?");
        self.after(Part::Value);
        self.skip_values(token);
    }

    pub(super) fn parameter(&mut self, token: Token) {
        self.before(Part::Parameter, token);
        if self.sql.as_bytes()[token.start] == b'?' {
            self.replace(token, "?");
        } else {
            self.keep = token.end;
        }
        self.after(Part::Parameter);
        self.skip_values(token);
    }

    /// Skips the values after `token` in a list that holds only values.
    #[inline]
    fn skip_values(&mut self, token: Token) {
        if self.lists.is_in_values() {
            self.skip_to(values::skip_values(self.sql.as_bytes(), token.end));
        }
    }

    fn skip_to(&mut self, at: usize) {
        if at > self.keep {
            self.flush();
            self.done = at;
            self.keep = at;
        }
    }

    /// Returns where the query continues after the skipped part.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.keep
    }

    /// Writes a quoted name.
    pub(super) fn name(&mut self, token: Token) {
        self.before(Part::Name, token);
        self.keep = token.end;
        self.after(Part::Name);
    }

    #[inline]
    pub(super) fn word(&mut self, token: Token, keyword: Keyword) {
        let part = Part::Word(keyword);
        self.before(part, token);
        self.keep = token.end;
        self.after(part);
        match keyword {
            Keyword::In => self.lists.announce(b'('),
            Keyword::Array if self.dialect.has_arrays() => self.lists.announce(b'['),
            Keyword::Values => self.lists.announce_rows(self.len()),
            Keyword::Value if matches!(self.dialect, Dialect::MySql | Dialect::Generic) => {
                self.lists.announce_rows(self.len());
            }
            _ => {}
        }
    }

    pub(super) fn sign(&mut self, token: Token, sign: u8) {
        let part = Part::Sign(sign);
        self.before(part, token);
        self.keep = token.end;
        self.after(part);
        if matches!(sign, b')' | b']') && self.lists.ends_row() {
            self.flush();
            let change = self.lists.end_row(self.out.len(), &self.out);
            self.apply(change, token.end);
            self.skip_to(values::skip_rows(self.sql.as_bytes(), token.end));
        }
    }

    /// Writes a semicolon, which ends all lists.
    pub(super) fn end_statement(&mut self, token: Token) {
        self.lists.clear();
        self.keep = token.end;
    }

    #[inline]
    fn before(&mut self, part: Part, token: Token) {
        if self.lists.is_idle() {
            return;
        }
        if matches!(part, Part::Sign(b',' | b')' | b']')) {
            self.flush();
        }
        let bytes = self.sql.as_bytes();
        // Variables, named parameters, and types after `::`.
        let word_is_value = bytes[token.start] == b'@' || (token.start > 0 && bytes[token.start - 1] == b':');
        let length = self.len();
        let change = self.lists.before(part, length, word_is_value, &self.out);
        self.apply(change, token.start);
    }

    #[inline]
    fn after(&mut self, part: Part) {
        if !self.lists.is_idle() {
            let end = self.len();
            self.lists.after(part, end);
        }
    }

    /// Changes the written text of a list. The query has been processed up to `at`.
    fn apply(&mut self, change: Change, at: usize) {
        let (length, with) = match change {
            Change::None => return,
            Change::Cut(length) => (length, ""),
            Change::OneValue(length) => (length, "?"),
        };
        self.flush();
        self.out.truncate(length);
        self.out.push_str(with);
        self.done = at;
        self.keep = at;
    }

    pub(super) fn finish(mut self) -> String {
        self.flush();
        if self.out.len() > MAX_TEXT_BYTES {
            let mut end = MAX_TEXT_BYTES - CUT.len();
            while !self.out.is_char_boundary(end) {
                end -= 1;
            }
            self.out.truncate(end);
            self.out.push_str(CUT);
        }
        self.out
    }
}
