//! One pass over a query.

use super::dialect::{Dialect, DoubleQuotes};
use super::keyword::Keyword;
use super::lexer::{Kind, Lexer, Token};
use super::summary::Summarizer;
use super::text::TextWriter;

/// Longest text of a query, in bytes; the rest is cut, and `...` says so.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;

/// Longest summary, in bytes. It is cut between words (OpenTelemetry, database spans: at most 255 characters).
pub const MAX_SUMMARY_BYTES: usize = 255;

/// What a query may say in a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SanitizedQuery {
    /// The text without literals.
    pub text: String,
    /// Operations and what they are done to, such as `SELECT orders`; empty when no operation is known.
    pub summary: String,
    /// How many statements there are, as far as the text has been read.
    pub statements: u32,
    /// Whether an operation changes something: anything but `SELECT`, `VALUES`, `SHOW` and their like.
    pub writes: bool,
}

/// Takes the literals out of `sql`, and sums it up. It takes time in proportion to the length of `sql`, and stops when
/// the text is full.
#[must_use]
pub fn sanitize(sql: &str, dialect: Dialect) -> SanitizedQuery {
    let mut pass = Pass {
        bytes: sql.as_bytes(),
        dialect,
        text: TextWriter::new(sql, dialect),
        summarizer: Summarizer::new(sql),
        secret: Secret::None,
        before: Before::Nothing,
        statements: 0,
        in_statement: false,
    };
    for token in Lexer::new(sql, dialect) {
        if pass.text.is_full() {
            break;
        }
        pass.token(token);
    }
    SanitizedQuery {
        writes: pass.summarizer.writes(),
        summary: pass.summarizer.finish(),
        text: pass.text.finish(),
        statements: pass.statements,
    }
}

/// Whether a secret without quotes follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secret {
    None,
    /// After `IDENTIFIED`.
    Announced,
    /// After `PASSWORD` or `IDENTIFIED BY`: now, unless a name follows that shows otherwise.
    Next,
    /// Until the end of the statement.
    Hidden,
}

/// What the last token was, white space and comments aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Dot,
    As,
}

struct Pass<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    text: TextWriter<'a>,
    summarizer: Summarizer<'a>,
    secret: Secret,
    before: Before,
    statements: u32,
    in_statement: bool,
}

impl Pass<'_> {
    #[inline]
    fn token(&mut self, token: Token) {
        match token.kind {
            Kind::Space => {
                if self.secret != Secret::Hidden {
                    self.text.space(token);
                }
                return;
            }
            Kind::Comment => {
                if self.secret == Secret::Hidden {
                    self.text.drop(token);
                } else {
                    self.text.comment(token);
                }
                return;
            }
            _ => {}
        }
        let sign = if token.kind == Kind::Sign { self.bytes[token.start] } else { 0 };
        let keyword = match token.kind {
            Kind::Word => Keyword::of(&self.bytes[token.start..token.end]),
            _ => Keyword::Other,
        };
        if sign == b';' {
            self.end_statement(token);
            return;
        }
        if !self.in_statement {
            self.in_statement = true;
            self.statements += u32::from(!self.summarizer.is_in_routine());
        }
        if self.is_secret(token, keyword, sign) {
            return;
        }
        let is_target = self.summarizer.token(token, keyword, sign);
        match token.kind {
            Kind::Literal | Kind::Number => self.text.value(token),
            Kind::Parameter => self.text.parameter(token),
            Kind::DoubleQuoted if self.hides(token, is_target) => self.text.value(token),
            Kind::Sign => self.text.sign(token, sign),
            _ => self.text.word(token, keyword),
        }
        self.before = match (sign, keyword) {
            (b'.', _) => Before::Dot,
            (_, Keyword::As) => Before::As,
            _ => Before::Nothing,
        };
    }

    fn end_statement(&mut self, token: Token) {
        self.in_statement = false;
        self.secret = Secret::None;
        self.before = Before::Nothing;
        self.summarizer.end_statement();
        self.text.sign(token, b';');
    }

    /// Whether what stands in double quotes may be a literal.
    fn hides(&self, token: Token, is_target: bool) -> bool {
        let is_name = is_target || self.before != Before::Nothing || self.bytes.get(token.end) == Some(&b'.');
        self.dialect.double_quotes() != DoubleQuotes::ByPosition || !is_name
    }

    /// Hides what follows `PASSWORD` and `IDENTIFIED BY`; whether `token` is a part of that.
    #[inline]
    fn is_secret(&mut self, token: Token, keyword: Keyword, sign: u8) -> bool {
        if self.secret == Secret::None && !matches!(keyword, Keyword::Password | Keyword::Identified) {
            return false;
        }
        match self.secret {
            Secret::Hidden => {
                self.text.drop(token);
                return true;
            }
            Secret::Next if sign == b'=' => return false,
            Secret::Next => {
                let shows_a_name = matches!(keyword, Keyword::Password | Keyword::To) || sign != 0;
                if !shows_a_name {
                    self.secret = Secret::Hidden;
                    self.text.value(token);
                    return true;
                }
                self.secret = Secret::None;
            }
            Secret::Announced | Secret::None => {}
        }
        match keyword {
            Keyword::Password if self.summarizer.may_have_password() => self.secret = Secret::Next,
            Keyword::Identified if self.summarizer.may_have_password() => self.secret = Secret::Announced,
            Keyword::By | Keyword::As if self.secret == Secret::Announced => self.secret = Secret::Next,
            _ => {}
        }
        false
    }
}
