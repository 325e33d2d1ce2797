//! Writes the text of a query without its literals.

use super::comment;
use super::dialect::Dialect;
use super::keyword::Keyword;
use super::lexer::Token;
use super::query::MAX_TEXT_BYTES;

const CUT: &str = "...";

/// Copies what can stay in runs as long as possible.
#[derive(Debug)]
pub(super) struct TextWriter<'a> {
    sql: &'a str,
    dialect: Dialect,
    out: String,
    /// Up to here the text has been dealt with.
    done: usize,
    /// Up to here the text can be copied.
    keep: usize,
    list: List,
}

/// A list of values that becomes one `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    None,
    /// After `IN` or `ARRAY`: the sign that opens the list.
    Announced(u8),
    /// Inside, with nothing but values so far.
    Open {
        begins: usize,
        values: bool,
    },
}

impl<'a> TextWriter<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Self {
        let out = String::with_capacity(sql.len().min(MAX_TEXT_BYTES));
        Self { sql, dialect, out, done: 0, keep: 0, list: List::None }
    }

    /// Whether there is no room for more. Never in a list, which may yet become one value.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.out.len() + (self.keep - self.done) > MAX_TEXT_BYTES && !matches!(self.list, List::Open { .. })
    }

    /// Writes what can be copied, and goes on behind `token`.
    fn replace(&mut self, token: Token, with: &str) {
        self.flush();
        self.out.push_str(with);
        self.drop(token);
    }

    fn flush(&mut self) {
        self.out.push_str(&self.sql[self.done..self.keep]);
        self.done = self.keep;
    }

    /// Leaves `token` out.
    pub(super) fn drop(&mut self, token: Token) {
        self.flush();
        self.done = token.end;
        self.keep = token.end;
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
        for byte in comment.chars() {
            let is_space = byte.is_ascii_whitespace();
            if !(is_space && after_space) {
                self.out.push(if is_space { ' ' } else { byte });
            }
            after_space = is_space;
        }
        self.drop(token);
    }

    pub(super) fn value(&mut self, token: Token) {
        self.saw_value();
        self.replace(token, "?");
    }

    pub(super) fn parameter(&mut self, token: Token) {
        self.saw_value();
        if self.sql.as_bytes()[token.start] == b'?' {
            self.replace(token, "?");
        } else {
            self.keep = token.end;
        }
    }

    fn saw_value(&mut self) {
        match &mut self.list {
            List::Open { values, .. } => *values = true,
            list => *list = List::None,
        }
    }

    #[inline]
    pub(super) fn word(&mut self, token: Token, keyword: Keyword) {
        self.keep = token.end;
        self.list = match keyword {
            Keyword::In => List::Announced(b'('),
            Keyword::Array if !self.dialect.has_brackets() || self.dialect == Dialect::Generic => {
                List::Announced(b'[')
            }
            _ => List::None,
        };
    }

    pub(super) fn sign(&mut self, token: Token, sign: u8) {
        match self.list {
            List::Open { begins, values: true } if matches!(sign, b')' | b']') => {
                self.out.truncate(begins);
                self.out.push('?');
                self.done = token.start;
                self.list = List::None;
            }
            List::Open { .. } if sign == b',' => {}
            List::Announced(opening) if sign == opening => {
                self.keep = token.end;
                self.flush();
                self.list = List::Open { begins: self.out.len(), values: false };
            }
            _ => self.list = List::None,
        }
        self.keep = token.end;
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
