//! The attributes of a span that the global OpenTelemetry provider records.

use std::ops::Range;

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{Span as _, Status};
use opentelemetry::{Key, KeyValue, Value as OtelValue};

use super::key_filter::KeyFilter;
use super::known_keys::{KnownKey, known_text};
use super::prepared::{PreparedAttribute, PreparedAttributes};
use super::value::Value;

/// Most spans have no more attributes than this, so one allocation holds them.
const USUAL: usize = 16;

/// What is handed over once it is known that the span is recorded.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    pub(super) attributes: DeferredAttributes,
    pub(super) status: Option<Status>,
}

impl Deferred {
    pub(super) fn write_to(self, span: &mut BoxedSpan) {
        self.attributes.write_to(span);
        if let Some(status) = self.status {
            span.set_status(status);
        }
    }
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
            let stored = self.store(value);
            self.values.push((key, stored));
        }
    }

    /// Sets attributes as [`set`](DeferredAttributes::set) does.
    #[inline]
    pub(super) fn set_prepared(&mut self, for_sampler: &mut Vec<KeyValue>, prepared: &PreparedAttributes) {
        if !self.keys.insert_all(&prepared.keys) {
            return prepared.each(|key, value| self.set(for_sampler, key, value));
        }
        reserve(for_sampler);
        for PreparedAttribute { attribute, is_for_sampling } in &prepared.all {
            let attribute = attribute.clone();
            if *is_for_sampling {
                for_sampler.push(attribute);
            } else {
                self.values.push((attribute.key, Stored::Other(attribute.value)));
            }
        }
    }

    #[inline]
    fn store(&mut self, value: Value<'_>) -> Stored {
        match value {
            Value::Str(text) => match known_text(text) {
                Some(known) => Stored::Other(known.into()),
                None => {
                    let start = self.texts.len();
                    self.texts.push_str(text);
                    Stored::Text(start..self.texts.len())
                }
            },
            value => Stored::Other(value.to_otel()),
        }
    }

    fn write_to(self, span: &mut BoxedSpan) {
        let Self { values, texts, .. } = self;
        for (key, stored) in values {
            let value = match stored {
                Stored::Text(range) => texts.get(range).unwrap_or_default().to_owned().into(),
                Stored::Other(value) => value,
            };
            span.set_attribute(KeyValue::new(key, value));
        }
    }
}

/// Attributes that are handed over to a recorded span together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    keys: KeyFilter,
    attributes: Vec<KeyValue>,
}

impl Batch {
    /// Sets an attribute. A second value for a key replaces the first.
    #[inline]
    pub(super) fn set(&mut self, name: &str, value: Value<'_>) {
        let place = KeyFilter::place_of(name);
        if !self.keys.insert(place) {
            self.attributes.retain(|known| known.key.as_str() != name);
        }
        self.attributes.push(KeyValue::new(KnownKey::of(name, place).key, to_otel(value)));
    }

    /// Sets attributes as [`set`](Batch::set) does.
    #[inline]
    pub(super) fn set_prepared(&mut self, prepared: &PreparedAttributes) {
        if !self.keys.insert_all(&prepared.keys) {
            return prepared.each(|key, value| self.set(key, value));
        }
        reserve(&mut self.attributes);
        self.attributes.extend(prepared.all.iter().map(|prepared| prepared.attribute.clone()));
    }

    pub(super) fn into_attributes(self) -> Vec<KeyValue> {
        self.attributes
    }
}

/// Returns room for the attributes of a span.
pub(super) fn room() -> Vec<KeyValue> {
    Vec::with_capacity(USUAL)
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
