//! Conditions on single spans, which are checked when a span arrives.

use regex::RegexSet;
use tracing_core_lite::pipeline::view::{AttributeView, Items, SpanHead, SpanView, ValueView};

use crate::tail::facts::{Facts, status_bit};
use crate::tail::policy::AttributeMatch;
use crate::tail::tracestate::valid_member;

/// A condition on a span. A trace satisfies it if one of its spans does.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Attribute {
        key: String,
        test: Test,
    },
    Status(u8),
    TraceState {
        key: String,
        values: Vec<String>,
    },
    Sampled,
    /// The time from the first start to the last end so far, in milliseconds, above the first and up to the second.
    /// The Collector compares after each span.
    RunningLatency(i64, i64),
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Exact(Vec<String>),
    Regex(RegexSet),
    Range(i64, i64),
    Bool(bool),
}

impl Condition {
    /// Whether two conditions are the same, so that one check serves both.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Attribute { key: a, test: Test::Regex(x) },
                Self::Attribute { key: b, test: Test::Regex(y) },
            ) => a == b && x.patterns() == y.patterns(),
            _ => format!("{self:?}") == format!("{other:?}"),
        }
    }
}

impl Test {
    pub(super) fn new(matches: &AttributeMatch) -> Result<Self, regex::Error> {
        use crate::tail::policy::TextMatch;
        Ok(match matches {
            AttributeMatch::Text(TextMatch::Exact(values)) => {
                Self::Exact(values.iter().filter(|value| !value.is_empty()).cloned().collect())
            }
            AttributeMatch::Text(TextMatch::Regex(patterns)) => Self::Regex(RegexSet::new(patterns)?),
            AttributeMatch::Range(min, max) => Self::Range(*min, *max),
            AttributeMatch::Bool(value) => Self::Bool(*value),
        })
    }

    /// Compares a value. If it has another type and `lenient` is true, it counts as empty text, 0 or false, as in the
    /// Collector.
    fn accepts(&self, value: &ValueView<'_>, lenient: bool, on_span: bool) -> bool {
        match (self, value) {
            (Self::Exact(values), ValueView::Str(text)) => values.iter().any(|value| value == text),
            // The Collector ignores empty strings on a span.
            (Self::Regex(set), ValueView::Str(text)) => {
                !(lenient && on_span && text.is_empty()) && set.is_match(text)
            }
            (Self::Range(min, max), ValueView::Int(int)) => (min..=max).contains(&int),
            (Self::Bool(wanted), ValueView::Bool(value)) => wanted == value,
            _ if !lenient => false,
            (Self::Exact(_), _) => false,
            (Self::Regex(set), _) => !on_span && set.is_match(""),
            (Self::Range(min, max), _) => (min..=max).contains(&&0),
            (Self::Bool(wanted), _) => !wanted,
        }
    }
}

/// All conditions of a plan. The position of one is its bit.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) list: Vec<Condition>,
    /// The numbers of the conditions on attributes, and whether there are conditions of other kinds.
    attributes: Vec<usize>,
    others: Vec<usize>,
    /// Bit n is set if some wanted key has n bytes (modulo 64).
    lengths: u64,
    /// Whether values of another type are compared as in the Collector.
    pub(super) lenient: bool,
}

impl Conditions {
    pub(super) const MAX: usize = 128;

    /// Returns the number of `condition`, or `None` if there are too many.
    pub(super) fn add(&mut self, condition: Condition) -> Option<u8> {
        if let Some(known) = self.list.iter().position(|known| known.is_same(&condition)) {
            return Some(known as u8);
        }
        let number = self.list.len();
        if number == Self::MAX {
            return None;
        }
        match &condition {
            Condition::Attribute { key, .. } => {
                self.attributes.push(number);
                self.lengths |= 1 << (key.len() % 64);
            }
            _ => self.others.push(number),
        }
        self.list.push(condition);
        Some(number as u8)
    }

    /// Returns the conditions that attributes of a resource satisfy. Malformed attributes satisfy none.
    pub(super) fn of_resource(&self, attributes: Items<'_, AttributeView<'_>>) -> u128 {
        self.of_attributes(attributes, 0, false)
    }

    /// Adds the conditions that `span` satisfies to `facts`, which already include the span itself.
    #[inline]
    pub(super) fn add_span(&self, facts: &mut Facts, head: &SpanHead<'_>, span: &SpanView<'_>) {
        for &number in &self.others {
            let met = match &self.list[number] {
                Condition::Status(mask) => mask & status_bit(head.status) != 0,
                Condition::Sampled => head.is_sampled(),
                Condition::TraceState { key, values } => head.trace_state().is_ok_and(|state| {
                    valid_member(state, key).is_some_and(|value| values.iter().any(|wanted| wanted == value))
                }),
                Condition::RunningLatency(above, up_to) => {
                    let millis = facts.duration_millis();
                    *above < millis && millis <= *up_to
                }
                Condition::Attribute { .. } => false,
            };
            facts.matched |= u128::from(met) << number;
        }
        if !self.attributes.is_empty() {
            facts.matched |= self.of_attributes(span.attributes(), facts.matched, true);
        }
    }

    fn of_attributes(&self, attributes: Items<'_, AttributeView<'_>>, known: u128, on_span: bool) -> u128 {
        let mut met = 0;
        let mut seen = 0_u128;
        for attribute in attributes {
            let Ok((key, value)) = attribute.and_then(|attribute| attribute.parts()) else { continue };
            if self.lengths & (1 << (key.len() % 64)) == 0 {
                continue;
            }
            for &number in &self.attributes {
                let bit = 1 << number;
                let Condition::Attribute { key: wanted, test } = &self.list[number] else { continue };
                // Of several attributes with the same key, the first one is used.
                if (known | seen) & bit == 0
                    && wanted.as_bytes() == key
                    && let Ok(value) = ValueView::read(value)
                {
                    seen |= bit;
                    if test.accepts(&value, self.lenient, on_span) {
                        met |= bit;
                    }
                }
            }
        }
        met
    }
}
