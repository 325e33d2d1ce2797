//! Attempts at messages that are published again after a failure.

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

use crate::propagation::{Extract, Extracted, Format, Inject, TraceContext};

/// The header with the number of the attempt, in decimal digits.
pub const ATTEMPT: &str = "x-attempt";

/// The header with the `traceparent` of the span that sent the message for the first time.
pub const FIRST_TRACEPARENT: &str = "x-first-traceparent";

const TRACEPARENT: &str = "traceparent";

/// The number of the attempt at a message, and the first sender.
///
/// Both travel in the headers [`ATTEMPT`] and [`FIRST_TRACEPARENT`], next to the trace context, which names the last
/// sender. OpenTelemetry's conventions do not define these headers. Consumers that do not know them ignore them.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    number: u32,
    first: Option<SpanContext>,
}

impl Default for Attempt {
    fn default() -> Self {
        Self { number: 1, first: None }
    }
}

impl Attempt {
    /// Returns the number of the attempt: 1 for a message that was never published again.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the span that sent the message first. `None` for a first attempt.
    #[must_use]
    pub fn first(&self) -> Option<&SpanContext> {
        self.first.as_ref()
    }

    /// Returns the next attempt, for a message that `sender` sent.
    pub(super) fn next(&self, sender: Option<&SpanContext>) -> Self {
        Self { number: self.number.saturating_add(1), first: self.first.clone().or_else(|| sender.cloned()) }
    }

    /// Returns this attempt with at least `number` as its number.
    pub(super) fn at_least(self, number: u32) -> Self {
        Self { number: self.number.max(number), ..self }
    }

    /// Reads the headers. Malformed headers are ignored.
    #[must_use]
    pub fn extract(carrier: &dyn Extract) -> Self {
        let number = carrier.get(ATTEMPT).and_then(parse).filter(|&number| number > 1);
        let Some(number) = number else { return Self::default() };
        let mut first = Extracted::default();
        TraceContext.extract(&FirstOf(carrier), &mut first);
        Self { number, first: first.span_context }
    }

    /// Writes the headers. A first attempt removes them.
    pub fn inject(&self, carrier: &mut dyn Inject) {
        if self.number < 2 {
            carrier.remove(ATTEMPT);
            return carrier.remove(FIRST_TRACEPARENT);
        }
        carrier.set(ATTEMPT, &self.number.to_string());
        match &self.first {
            Some(first) => TraceContext.inject(first, &Context::new(), &mut FirstIn(carrier)),
            None => carrier.remove(FIRST_TRACEPARENT),
        }
    }
}

/// Parses a number of at most ten digits, the maximum for a `u32`.
fn parse(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok().filter(|digits| digits.len() <= 10)?.parse().ok()
}

/// A carrier that reads [`FIRST_TRACEPARENT`] as `traceparent`.
struct FirstOf<'a>(&'a dyn Extract);

impl Extract for FirstOf<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        if name == TRACEPARENT { self.0.get(FIRST_TRACEPARENT) } else { None }
    }
}

/// A carrier that writes `traceparent` as [`FIRST_TRACEPARENT`].
struct FirstIn<'a>(&'a mut dyn Inject);

impl Inject for FirstIn<'_> {
    fn set(&mut self, name: &'static str, value: &str) {
        if name == TRACEPARENT {
            self.0.set(FIRST_TRACEPARENT, value);
        }
    }

    fn remove(&mut self, name: &'static str) {
        if name == TRACEPARENT {
            self.0.remove(FIRST_TRACEPARENT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn headers() {
        for (name, attempt, first, expected) in [
            ("none", None, None, (1, false)),
            ("second", Some("2"), Some(SENDER), (2, true)),
            ("no sender", Some("7"), None, (7, false)),
            ("sender alone", None, Some(SENDER), (1, false)),
            ("malformed number", Some("two"), Some(SENDER), (1, false)),
            ("too large", Some("99999999999"), Some(SENDER), (1, false)),
            ("zero", Some("0"), Some(SENDER), (1, false)),
            ("malformed sender", Some("2"), Some("00-0-0-0"), (2, false)),
        ] {
            let headers: Vec<(&str, &str)> = [(ATTEMPT, attempt), (FIRST_TRACEPARENT, first)]
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect();
            let read = Attempt::extract(&headers);
            assert_eq!((read.number(), read.first().is_some()), expected, "{name}");
        }
    }

    #[test]
    fn the_first_sender_stays_through_all_attempts() {
        let mut extracted = Extracted::default();
        TraceContext.extract(&vec![(TRACEPARENT, SENDER)], &mut extracted);
        let sender = extracted.span_context;
        let third = Attempt::default().next(sender.as_ref()).next(None);
        let mut headers: Vec<(String, String)> = Vec::new();
        third.inject(&mut headers);
        assert_eq!(
            headers,
            [(ATTEMPT, "3"), (FIRST_TRACEPARENT, SENDER)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(Attempt::extract(&headers).first().map(SpanContext::span_id), sender.map(|s| s.span_id()));
        Attempt::default().inject(&mut headers);
        assert!(headers.is_empty(), "a first attempt removes stale headers");
    }
}
