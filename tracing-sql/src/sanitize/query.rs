//! Sanitizes a query in one pass.

use super::dialect::{Dialect, DoubleQuotes};
use super::keyword::Keyword;
use super::lexer::{Kind, Lexer, Token};
use super::names::NamePositions;
use super::summary::Summarizer;
use super::text::TextWriter;
use super::unquoted::{Seen, Tracker, Verdict};

/// The parts of a query that spans record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SanitizedQuery {
    /// The text without literals.
    pub text: String,
    /// The operations and their targets, such as `SELECT orders`. Empty if no operation is known.
    pub summary: String,
    /// The number of statements in the part of the text that was read.
    pub statements: u32,
    /// Whether an operation may change data: any except `SELECT`, `VALUES`, `SHOW` and similar ones.
    pub writes: bool,
}

/// Removes the literals from `sql` and summarizes it.
///
/// Takes time proportional to the length of `sql`, and stops once the text is full.
#[must_use]
pub fn sanitize(sql: &str, dialect: Dialect) -> SanitizedQuery {
    // A file may begin with a byte order mark. As a part of the first word, it would hide what the statement is.
    let sql = sql.trim_start_matches('\u{feff}');
    let mut pass = Pass::new(sql, dialect);
    let mut lexer = Lexer::new(sql, dialect);
    while let Some(token) = lexer.next() {
        if pass.text.is_full() {
            break;
        }
        match pass.data {
            Some(data) if token.end > data => lexer.skip_to(pass.data(token)),
            _ => {
                pass.token(token);
                if pass.text.position() > token.end {
                    lexer.skip_to(pass.text.position());
                }
            }
        }
    }
    SanitizedQuery {
        writes: pass.summarizer.writes(),
        summary: pass.summarizer.finish(),
        text: pass.text.finish(),
        statements: pass.statements,
    }
}

struct Pass<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    text: TextWriter<'a>,
    summarizer: Summarizer<'a>,
    unquoted: Tracker<'a>,
    /// Set if names in double quotes must be distinguished from strings.
    names: Option<NamePositions<'a>>,
    statements: u32,
    in_statement: bool,
    /// The start of the lines of data, after `COPY … FROM stdin;`.
    data: Option<usize>,
}

impl<'a> Pass<'a> {
    fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            bytes: sql.as_bytes(),
            dialect,
            text: TextWriter::new(sql, dialect),
            summarizer: Summarizer::new(sql),
            unquoted: Tracker::new(sql, dialect),
            names: Self::name_positions(dialect),
            statements: 0,
            in_statement: false,
            data: None,
        }
    }

    #[inline]
    fn token(&mut self, token: Token) {
        match token.kind {
            Kind::Space => {
                if self.unquoted.hides_space() {
                    self.text.drop(token);
                } else {
                    self.text.space(token);
                }
                return;
            }
            Kind::Comment => {
                self.comment(token);
                return;
            }
            _ => {}
        }
        let sign = if token.kind == Kind::Sign { self.bytes[token.start] } else { 0 };
        if sign == b';' && !self.unquoted.hides_all() {
            self.end_statement(token);
            return;
        }
        let keyword = match token.kind {
            Kind::Word => Keyword::of(&self.bytes[token.start..token.end]),
            _ => Keyword::Other,
        };
        if !self.in_statement {
            self.in_statement = true;
            self.statements += u32::from(!self.summarizer.is_in_routine());
        }
        if token.kind == Kind::Sign && sign == 0 {
            // Some servers end the text at a NUL, so the rest need not be SQL.
            self.unquoted.hide_text();
        }
        let seen = Seen { token, keyword, sign };
        match self.unquoted.judge(seen) {
            Verdict::Show => self.show(seen),
            Verdict::Hide => self.text.value(token),
            Verdict::Drop => self.text.drop(token),
            Verdict::DropWithSpace => self.text.drop_with_space(token),
        }
    }

    #[inline]
    fn show(&mut self, Seen { token, keyword, sign }: Seen) {
        let is_target = self.summarizer.token(token, keyword, sign);
        self.unquoted.shown(Seen { token, keyword, sign }, is_target, self.summarizer.may_have_password());
        match token.kind {
            Kind::Literal | Kind::Number => self.text.value(token),
            Kind::Parameter => self.text.parameter(token),
            Kind::DoubleQuoted if self.hides(token, is_target) => self.text.value(token),
            Kind::DoubleQuoted | Kind::Name => self.text.name(token),
            Kind::Sign => self.text.sign(token, sign),
            _ => self.text.word(token, keyword),
        }
        if let Some(names) = &mut self.names {
            names.follow(keyword, sign);
        }
    }

    fn name_positions(dialect: Dialect) -> Option<NamePositions<'a>> {
        (dialect.double_quotes() == DoubleQuotes::ByPosition).then(NamePositions::new)
    }

    fn comment(&mut self, token: Token) {
        if self.unquoted.hides_space() {
            self.text.drop(token);
            return;
        }
        self.text.comment(token);
        // MySQL ends the comment there and SQLite ends the text, so the meaning of the rest is unknown.
        if self.bytes[token.start..token.end].contains(&0) && self.bytes[token.start] != b'/' {
            self.unquoted.hide_text();
        }
    }

    fn end_statement(&mut self, token: Token) {
        self.in_statement = false;
        self.names = Self::name_positions(self.dialect);
        self.summarizer.end_statement();
        self.text.end_statement(token);
        if self.unquoted.end_statement() {
            let line = self.bytes[token.end..].iter().position(|byte| *byte == b'\n');
            self.data = line.map(|length| token.end + length);
        }
    }

    /// Hides lines of data, which begin within `token`, up to the line `\.`. Returns where the query continues.
    fn data(&mut self, token: Token) -> usize {
        let Some(start) = self.data.take() else { return token.end };
        let end = data_end(self.bytes, start);
        let token = Token { end, ..token };
        if self.bytes[start..end].trim_ascii().is_empty() {
            self.text.space(token);
        } else {
            self.text.replace_data(token);
        }
        end
    }

    /// Returns whether text in double quotes may be a literal.
    fn hides(&mut self, token: Token, is_target: bool) -> bool {
        let is_certain = is_target || self.bytes.get(token.end) == Some(&b'.');
        let text = &self.bytes[token.start..token.end];
        !self.names.as_mut().is_some_and(|names| names.is_name(text, is_certain))
    }
}

/// Returns the end of the lines of data that begin at `start`: after the line `\.`, or at the end of the text.
fn data_end(bytes: &[u8], start: usize) -> usize {
    const END: &[u8] = b"\n\\.";
    let ends = |at: usize| matches!(bytes.get(at), None | Some(b'\n' | b'\r'));
    (start..bytes.len())
        .find(|&at| bytes[at..].starts_with(END) && ends(at + END.len()))
        .map_or(bytes.len(), |at| at + END.len())
}
