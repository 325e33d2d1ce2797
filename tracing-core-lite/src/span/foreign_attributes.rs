//! The attributes of a span that the global OpenTelemetry provider records.

use std::ops::Range;

use opentelemetry::trace::Status;
use opentelemetry::{Key, KeyValue, Value as OtelValue};

use super::key_filter::KeyFilter;
use super::known_keys::{KnownKey, known_text};
use super::value::Value;

/// Most spans have no more attributes than this, so one allocation holds them.
const USUAL: usize = 16;

/// What is handed over once it is known that the span is recorded.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    pub(super) attributes: DeferredAttributes,
    pub(super) status: Option<Status>,
}

/// Attributes that are built only if the span is recorded.
#[derive(Debug, Default)]
pub(super) struct DeferredAttributes {
    keys: KeyFilter,
    values: Vec<(Key, Stored)>,
    /// One after the other.
    texts: String,
}

#[derive(Debug)]
enum Stored {
    Text(Range<usize>),
    Other(OtelValue),
}

impl DeferredAttributes {
    /// Sets an attribute: among those for the sampler, or for later.
    #[inline]
    pub(super) fn set(&mut self, for_sampler: &mut Vec<KeyValue>, name: &str, value: Value<'_>) {
        let place = KeyFilter::place_of(name);
        if !self.keys.insert(place) {
            for_sampler.retain(|known| known.key.as_str() != name);
            self.values.retain(|(key, _)| key.as_str() != name);
        }
        let KnownKey { key, is_for_sampling } = KnownKey::of(name, place);
        if is_for_sampling {
            reserve(for_sampler);
            for_sampler.push(KeyValue::new(key, to_otel(value)));
        } else {
            let stored = match value {
                Value::Str(text) => {
                    let start = self.texts.len();
                    self.texts.push_str(text);
                    Stored::Text(start..self.texts.len())
                }
                value => Stored::Other(value.to_otel()),
            };
            self.values.push((key, stored));
        }
    }

    pub(super) fn into_key_values(self) -> Vec<KeyValue> {
        let Self { values, texts, .. } = self;
        let value = |stored| match stored {
            Stored::Text(range) => to_otel(Value::Str(texts.get(range).unwrap_or_default())),
            Stored::Other(value) => value,
        };
        values.into_iter().map(|(key, stored)| KeyValue::new(key, value(stored))).collect()
    }
}

/// Adds an attribute. A second value for a key replaces the first.
#[inline]
pub(super) fn push(attributes: &mut Vec<KeyValue>, name: &str, value: Value<'_>) {
    let key = KnownKey::of(name, KeyFilter::place_of(name)).key;
    match attributes.iter_mut().find(|known| known.key == key) {
        Some(known) => known.value = to_otel(value),
        None => {
            reserve(attributes);
            attributes.push(KeyValue::new(key, to_otel(value)));
        }
    }
}

#[inline]
fn reserve(attributes: &mut Vec<KeyValue>) {
    if attributes.capacity() == 0 {
        attributes.reserve(USUAL);
    }
}

#[inline]
fn to_otel(value: Value<'_>) -> OtelValue {
    match value {
        Value::Str(text) => match known_text(text) {
            Some(known) => known.into(),
            None => value.to_otel(),
        },
        value => value.to_otel(),
    }
}

pub(super) fn to_key_values(attributes: &[(&str, Value<'_>)]) -> Vec<KeyValue> {
    attributes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.to_otel())).collect()
}
