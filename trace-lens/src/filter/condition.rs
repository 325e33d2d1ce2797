//! Conditions on one span.

use std::borrow::Cow;

use regex_lite::Regex;

use crate::model::{Tree, Value};

/// A field of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Status,
    Kind,
    Duration,
    TraceDuration,
    RootName,
    RootService,
    Attribute(String),
}

impl Field {
    pub(crate) fn new(word: &str) -> Self {
        match word {
            "name" | "span:name" => Self::Name,
            "status" | "span:status" => Self::Status,
            "kind" | "span:kind" => Self::Kind,
            "duration" | "span:duration" => Self::Duration,
            "traceDuration" | "trace:duration" => Self::TraceDuration,
            "rootName" | "trace:rootName" => Self::RootName,
            "rootServiceName" | "trace:rootService" => Self::RootService,
            other => {
                let scopes = ["span.", "resource.", "."];
                let key = scopes.iter().find_map(|scope| other.strip_prefix(scope)).unwrap_or(other);
                Self::Attribute(key.to_owned())
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Matches(Regex),
    MatchesNot(Regex),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Nil,
    Bool(bool),
    Number(f64),
    Duration(u64),
    Text(String),
    Word(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) field: Field,
    pub(crate) operator: Operator,
    pub(crate) literal: Literal,
}

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    Always,
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare(Comparison),
}

/// The values of a span for a field.
enum Actual<'a> {
    Absent,
    Text(Cow<'a, str>),
    Number(f64),
    Bool(bool),
}

impl Condition {
    pub(crate) fn holds(&self, tree: &Tree<'_>, span: usize) -> bool {
        match self {
            Self::Always => true,
            Self::All(all) => all.iter().all(|it| it.holds(tree, span)),
            Self::Any(any) => any.iter().any(|it| it.holds(tree, span)),
            Self::Not(inner) => !inner.holds(tree, span),
            Self::Compare(comparison) => comparison.holds(tree, span),
        }
    }
}

impl Comparison {
    fn holds(&self, tree: &Tree<'_>, span: usize) -> bool {
        let it = tree.span(span);
        if let Literal::Word(word) | Literal::Text(word) = &self.literal {
            let named = match self.field {
                Field::Status => Some(it.status().name().eq_ignore_ascii_case(word)),
                Field::Kind => Some(it.kind().name().eq_ignore_ascii_case(word)),
                _ => None,
            };
            match (named, &self.operator) {
                (Some(is), Operator::Equal) => return is,
                (Some(is), Operator::NotEqual) => return !is,
                _ => {}
            }
        }
        self.compare(&self.actual(tree, span))
    }

    #[allow(clippy::cast_precision_loss)]
    fn actual<'a>(&self, tree: &Tree<'a>, span: usize) -> Actual<'a> {
        let it = tree.span(span);
        let main = tree.main().map(|main| tree.span(main));
        match &self.field {
            Field::Name => Actual::Text(it.name().into()),
            Field::Status => Actual::Text(it.status().name().into()),
            Field::Kind => Actual::Text(it.kind().name().into()),
            Field::Duration => Actual::Number(tree.duration(span) as f64),
            Field::TraceDuration => Actual::Number(tree.trace().duration() as f64),
            Field::RootName => Actual::Text(main.map_or("", |it| it.name()).into()),
            Field::RootService => Actual::Text(main.map_or("", |it| it.service()).into()),
            Field::Attribute(key) => match it.attribute(key) {
                None | Some(Value::Empty) => Actual::Absent,
                Some(Value::Bool(flag)) => Actual::Bool(flag),
                Some(Value::Int(number)) => Actual::Number(number as f64),
                Some(Value::Double(bits)) => Actual::Number(f64::from_bits(bits)),
                Some(other) => Actual::Text(other.display(tree.trace().set().texts())),
            },
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn compare(&self, actual: &Actual<'_>) -> bool {
        if self.literal == Literal::Nil || matches!(actual, Actual::Absent) {
            let both_absent = self.literal == Literal::Nil && matches!(actual, Actual::Absent);
            let is_present = !matches!(actual, Actual::Absent);
            return match self.operator {
                Operator::Equal => both_absent,
                // As in TraceQL, a missing attribute matches `!=` only for nil.
                Operator::NotEqual => self.literal == Literal::Nil && is_present,
                _ => false,
            };
        }
        let text = |actual: &Actual<'_>| match actual {
            Actual::Text(text) => text.to_string(),
            Actual::Number(number) => number.to_string(),
            Actual::Bool(flag) => flag.to_string(),
            Actual::Absent => String::new(),
        };
        match &self.operator {
            Operator::Matches(regex) => return regex.is_match(&text(actual)),
            Operator::MatchesNot(regex) => return !regex.is_match(&text(actual)),
            _ => {}
        }
        let number = match &self.literal {
            Literal::Number(number) => Some(*number),
            Literal::Duration(nanos) => Some(*nanos as f64),
            _ => None,
        };
        let own = match actual {
            Actual::Number(number) => Some(*number),
            Actual::Text(text) => text.parse().ok(),
            _ => None,
        };
        let ordering = match (own, number, &self.literal) {
            (Some(own), Some(number), _) => own.partial_cmp(&number),
            (_, Some(number), _) => Some(text(actual).cmp(&number.to_string())),
            (_, None, Literal::Bool(flag)) => Some(text(actual).cmp(&flag.to_string())),
            (_, None, Literal::Text(it) | Literal::Word(it)) => Some(text(actual).as_str().cmp(it)),
            _ => None,
        };
        let Some(ordering) = ordering else { return false };
        match self.operator {
            Operator::Equal => ordering.is_eq(),
            Operator::NotEqual => ordering.is_ne(),
            Operator::Greater => ordering.is_gt(),
            Operator::GreaterOrEqual => ordering.is_ge(),
            Operator::Less => ordering.is_lt(),
            Operator::LessOrEqual => ordering.is_le(),
            Operator::Matches(_) | Operator::MatchesNot(_) => false,
        }
    }
}
