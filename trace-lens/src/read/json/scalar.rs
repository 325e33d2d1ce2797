//! JSON scalars, which tools write with different types.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most microseconds that a time may be, about the year 5000. More are nanoseconds.
pub(super) const MOST_MICROS: i128 = 100_000_000_000_000_000;

/// A scalar. Numbers may come as strings, and objects and arrays where a scalar was expected are skipped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'de> {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Double(f64),
    Text(Cow<'de, str>),
}

impl<'de> Scalar<'de> {
    /// Returns the text of a string or the digits of a number, empty otherwise.
    pub(crate) fn into_text(self) -> Cow<'de, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Unsigned(number) => Cow::Owned(number.to_string()),
            Self::Double(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => text,
        }
    }

    /// Returns the number, also of a string that holds one.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn int(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(i128::from(*number)),
            Self::Unsigned(number) => Some(i128::from(*number)),
            // Saturates.
            Self::Double(number) if number.is_finite() => Some(*number as i128),
            Self::Text(text) => {
                let text = text.trim();
                let float = || text.parse::<f64>().ok().filter(|it| it.is_finite()).map(|it| it as i128);
                text.parse().ok().or_else(float)
            }
            _ => None,
        }
    }

    /// Returns the number, 0 for what is negative or not a number, the maximum for what is too large.
    pub(crate) fn unsigned(&self) -> u64 {
        saturate(self.int().unwrap_or(0))
    }

    pub(crate) fn double(&self) -> Option<f64> {
        match self {
            Self::Double(number) => Some(*number),
            Self::Text(text) => match text.trim() {
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                other => other.parse().ok(),
            },
            #[allow(clippy::cast_precision_loss)]
            other => other.int().map(|it| it as f64),
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Bool(flag) => *flag,
            Self::Text(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// Returns the number within the range of `u64` that is nearest.
pub(crate) fn saturate(number: i128) -> u64 {
    u64::try_from(number.max(0)).unwrap_or(u64::MAX)
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Double(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }
}
