//! A query: conditions on the spans of a trace, in a subset of TraceQL.

use std::str::FromStr;

use regex_lite::Regex;

use super::condition::{Comparison, Condition, Field, Literal, Operator};
use super::error::QueryError;
use super::lexer::{Token, tokens};
use crate::model::{Trace, Tree};
use crate::read::parse_duration;

/// How deep conditions may nest.
const MAX_DEPTH: usize = 32;

/// Conditions on the spans of a trace, in a subset of Grafana Tempo's TraceQL.
///
/// | example | selects traces with |
/// |---|---|
/// | `{ .http.route = "/checkout" }` | a span with this attribute, of its own or of its resource |
/// | `{ resource.service.name = "payment" && status = error }` | one span for which both hold |
/// | `{ name =~ "GET .*" \|\| duration > 100ms }` | a span whose whole name matches, or that is slow |
/// | `{ .tenant = nil }` | a span without the attribute |
/// | `{ … } && { … }`, `{ … } \|\| { … }` | spans for both, or for either |
/// | `{ … } >> { … }`, `{ … } > { … }` | a span and a descendant or child of it |
///
/// Fields without a prefix: `name`, `status` (`error`, `ok`, `unset`), `kind`, `duration`, `traceDuration`, `rootName`,
/// `rootServiceName`; anything else is an attribute. Operators: `=` `!=` `>` `>=` `<` `<=` `=~` `!~`.
///
/// ```
/// use trace_lens::filter::Query;
///
/// let query: Query = r#"{ .http.route = "/checkout" && status = error } >> { service.name = "payment" }"#.parse()?;
/// # Ok::<(), trace_lens::filter::QueryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Query(Spans);

/// Which spans of a trace are selected.
#[derive(Debug, Clone)]
enum Spans {
    Matching(Condition),
    Both(Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    Below(Box<Self>, Box<Self>, Reach),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Child,
    Descendant,
}

impl Query {
    /// Returns whether a trace has spans that the query selects.
    #[must_use]
    pub fn matches(&self, trace: Trace<'_>) -> bool {
        let tree = Tree::new(trace);
        self.0.select(&tree).contains(&true)
    }

    /// Returns the indices of the spans that the query selects.
    #[must_use]
    pub fn select(&self, trace: Trace<'_>) -> Vec<usize> {
        let selected = self.0.select(&Tree::new(trace));
        selected.iter().enumerate().filter(|(_, is_selected)| **is_selected).map(|(index, _)| index).collect()
    }
}

impl Spans {
    fn select(&self, tree: &Tree<'_>) -> Vec<bool> {
        match self {
            Self::Matching(condition) => (0..tree.len()).map(|span| condition.holds(tree, span)).collect(),
            Self::Both(left, right) => {
                let (left, right) = (left.select(tree), right.select(tree));
                let both = left.contains(&true) && right.contains(&true);
                left.iter().zip(&right).map(|(a, b)| both && (*a || *b)).collect()
            }
            Self::Either(left, right) => {
                left.select(tree).iter().zip(right.select(tree)).map(|(a, b)| *a || b).collect()
            }
            Self::Below(above, below, reach) => {
                let (above, below) = (above.select(tree), below.select(tree));
                // Whether a span is below one that is selected.
                let mut is_below = vec![false; tree.len()];
                for span in tree.top_down() {
                    if let Some(parent) = tree.parent_index(span) {
                        is_below[span] = above[parent] || (*reach == Reach::Descendant && is_below[parent]);
                    }
                }
                is_below.iter().zip(below).map(|(a, b)| *a && b).collect()
            }
        }
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(query: &str) -> Result<Self, QueryError> {
        let mut parser = Parser { tokens: tokens(query)?, next: 0, end: query.len() };
        let spans = parser.spans(0)?;
        match parser.peek() {
            None => Ok(Self(spans)),
            Some(_) => Err(parser.error("expected the end of the query")),
        }
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn error(&self, what: impl Into<String>) -> QueryError {
        QueryError::new(self.tokens.get(self.next).map_or(self.end, |(at, _)| *at), what)
    }

    fn expect(&mut self, token: &Token, what: &str) -> Result<(), QueryError> {
        if self.peek() == Some(token) {
            self.next += 1;
            return Ok(());
        }
        Err(self.error(format!("expected {what}")))
    }

    fn check(&self, depth: usize) -> Result<(), QueryError> {
        if depth > MAX_DEPTH { Err(self.error("nested too deeply")) } else { Ok(()) }
    }

    fn spans(&mut self, depth: usize) -> Result<Spans, QueryError> {
        self.check(depth)?;
        let mut left = self.span_set(depth)?;
        while let Some(token) = self.peek().cloned() {
            let combine: fn(Box<Spans>, Box<Spans>) -> Spans = match token {
                Token::And => Spans::Both,
                Token::Or => Spans::Either,
                Token::Descendant => |above, below| Spans::Below(above, below, Reach::Descendant),
                Token::Operator(">") => |above, below| Spans::Below(above, below, Reach::Child),
                _ => break,
            };
            self.next += 1;
            left = combine(Box::new(left), Box::new(self.span_set(depth)?));
        }
        Ok(left)
    }

    fn span_set(&mut self, depth: usize) -> Result<Spans, QueryError> {
        if self.peek() == Some(&Token::OpenGroup) {
            self.next += 1;
            let spans = self.spans(depth + 1)?;
            self.expect(&Token::CloseGroup, "`)`")?;
            return Ok(spans);
        }
        self.expect(&Token::Open, "`{`")?;
        if self.peek() == Some(&Token::Close) {
            self.next += 1;
            return Ok(Spans::Matching(Condition::Always));
        }
        let condition = self.either(depth + 1)?;
        self.expect(&Token::Close, "`}`, `&&` or `||`")?;
        Ok(Spans::Matching(condition))
    }

    fn either(&mut self, depth: usize) -> Result<Condition, QueryError> {
        self.check(depth)?;
        let mut any = vec![self.both(depth)?];
        while self.peek() == Some(&Token::Or) {
            self.next += 1;
            any.push(self.both(depth)?);
        }
        Ok(Condition::Any(any))
    }

    fn both(&mut self, depth: usize) -> Result<Condition, QueryError> {
        let mut all = vec![self.condition(depth)?];
        while self.peek() == Some(&Token::And) {
            self.next += 1;
            all.push(self.condition(depth)?);
        }
        Ok(Condition::All(all))
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, QueryError> {
        self.check(depth)?;
        match self.peek() {
            Some(Token::Not) => {
                self.next += 1;
                Ok(Condition::Not(Box::new(self.condition(depth + 1)?)))
            }
            Some(Token::OpenGroup) => {
                self.next += 1;
                let condition = self.either(depth + 1)?;
                self.expect(&Token::CloseGroup, "`)`")?;
                Ok(condition)
            }
            Some(Token::Word(_)) => self.comparison(),
            _ => Err(self.error("expected a field, such as `.http.route` or `status`")),
        }
    }

    fn comparison(&mut self) -> Result<Condition, QueryError> {
        let Some(Token::Word(field)) = self.take() else { return Err(self.error("expected a field")) };
        let Some(Token::Operator(operator)) = self.peek().cloned() else {
            return Err(self.error("expected an operator: = != > >= < <= =~ !~"));
        };
        self.next += 1;
        let at = self.next;
        let literal = match self.take() {
            Some(Token::Text(text)) => Literal::Text(text),
            Some(Token::Word(word)) => literal(word),
            _ => {
                self.next = at;
                return Err(self.error("expected a value"));
            }
        };
        let operator = match operator {
            "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            pattern => {
                let (Literal::Text(text) | Literal::Word(text)) = &literal else {
                    self.next = at;
                    return Err(self.error("expected a regular expression in quotes"));
                };
                // As in TraceQL, the whole value must match.
                let regex = Regex::new(&format!("^(?:{text})$")).map_err(|error| {
                    self.next = at;
                    self.error(format!("not a regular expression: {error}"))
                })?;
                if pattern == "=~" { Operator::Matches(regex) } else { Operator::MatchesNot(regex) }
            }
        };
        Ok(Condition::Compare(Comparison { field: Field::new(&field), operator, literal }))
    }
}

fn literal(word: String) -> Literal {
    match word.as_str() {
        "nil" | "null" => return Literal::Nil,
        "true" => return Literal::Bool(true),
        "false" => return Literal::Bool(false),
        _ => {}
    }
    if let Ok(number) = word.parse::<f64>() {
        return Literal::Number(number);
    }
    match parse_duration(&word) {
        Some(nanos) => Literal::Duration(nanos),
        None => Literal::Word(word),
    }
}
