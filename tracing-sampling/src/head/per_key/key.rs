//! The key of a span.

use std::borrow::Cow;

use tracing_core_lite::sampling::{AttributeValue, SamplingInput};

/// Separates the values of a key. Routes, methods and host names cannot contain it.
const SEPARATOR: char = '\u{1f}';

/// The maximum length of a key, in bytes. Longer keys are cut.
const LONGEST: usize = 256;

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    SpanName,
    Attribute(String),
}

impl Field {
    fn value<'a>(&self, input: &SamplingInput<'a>) -> Cow<'a, str> {
        match self {
            Self::SpanName => Cow::Borrowed(input.name),
            Self::Attribute(key) => input.attribute(key).map(AttributeValue::into_text).unwrap_or_default(),
        }
    }
}

/// Returns the values of `fields`, as one text.
pub(super) fn of<'a>(fields: &[Field], input: &SamplingInput<'a>) -> Cow<'a, str> {
    let mut key = match fields {
        [field] => field.value(input),
        fields => {
            let mut key = String::new();
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    key.push(SEPARATOR);
                }
                key.push_str(&field.value(input));
            }
            Cow::Owned(key)
        }
    };
    if key.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| key.is_char_boundary(end)).unwrap_or_default();
        key.to_mut().truncate(end);
    }
    key
}
