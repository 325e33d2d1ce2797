//! Attributes that are encoded once for many spans.

use std::sync::Arc;

use opentelemetry::{KeyValue, StringValue, Value as OtelValue};

use super::encode;
use super::field::ATTRIBUTE;
use super::key_filter::KeyFilter;
use super::known_keys::{KnownKey, known_text};
use super::value::{self, Value};
use crate::wire::{self, ByteBuf};

/// Attributes that are encoded once and set on many spans, by [`Recorder::set_prepared`](super::Recorder::set_prepared).
///
/// It is for attributes that are known before the span starts, such as the address of a server. All of them are added
/// with one copy. Limits and repeated keys have the same effect as if each attribute were set separately.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::layer_support::PreparedAttributes;
/// use tracing_core_lite::testing::TestSpans;
///
/// let mut server = PreparedAttributes::new();
/// server.set("server.address", "db.example").set("server.port", 5432);
///
/// let spans = TestSpans::new();
/// spans.tracer().span("query").start_with(|span| {
///     span.set_prepared(&server);
/// });
/// assert_eq!(spans.one("query").text("server.address"), Some("db.example"));
/// assert_eq!(spans.one("query").int("server.port"), Some(5432));
/// ```
#[derive(Debug, Clone, Default)]
pub struct PreparedAttributes {
    /// Encoded as fields of `Span`, without limits.
    pub(super) fields: ByteBuf,
    pub(super) keys: KeyFilter,
    /// The length of the longest text in bytes.
    pub(super) longest: usize,
    /// For spans that do not have room for all of them, and for spans of another provider.
    pub(super) all: Vec<PreparedAttribute>,
}

/// An attribute as another provider takes it.
#[derive(Debug, Clone)]
pub(super) struct PreparedAttribute {
    /// Clones of it share its texts.
    pub(super) attribute: KeyValue,
    pub(super) is_for_sampling: bool,
}

impl PreparedAttributes {
    /// Creates an empty set of attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute. A second value for a key replaces the first; an empty key is ignored.
    pub fn set<'v>(&mut self, key: &str, value: impl Into<Value<'v>>) -> &mut Self {
        if key.is_empty() {
            return self;
        }
        if let Some(old) = encode::find_key(self.fields.as_slice(), ATTRIBUTE, key) {
            self.fields.remove(old);
            self.all.retain(|known| known.attribute.key.as_str() != key);
        }
        let value = value.into();
        // They may be kept for long, so excess capacity is released.
        self.fields.reserve(self.fields.len() + wire::field_len(encode::key_value_len(key, &value, None)));
        encode::put_key_value(&mut self.fields, ATTRIBUTE, key, &value, None);
        self.longest = self.longest.max(value.longest_text());
        let place = KeyFilter::place_of(key);
        let KnownKey { key, is_for_sampling } = KnownKey::shared(key, place);
        self.all.push(PreparedAttribute { attribute: KeyValue::new(key, shared(value)), is_for_sampling });
        self.keys.insert(place);
        self
    }

    /// Sets an attribute if there is a value.
    pub fn set_some<'v, V: Into<Value<'v>>>(&mut self, key: &str, value: Option<V>) -> &mut Self {
        if let Some(value) = value {
            self.set(key, value);
        }
        self
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    /// Calls `visit` with each attribute.
    pub(super) fn each(&self, mut visit: impl FnMut(&str, Value<'_>)) {
        for PreparedAttribute { attribute, .. } in &self.all {
            value::visit_otel(&attribute.value, |value| visit(attribute.key.as_str(), value));
        }
    }
}

/// Returns a value of which clones need no allocation, unless it is an array.
fn shared(value: Value<'_>) -> OtelValue {
    match value {
        Value::Str(text) => match known_text(text) {
            Some(known) => known.into(),
            None => StringValue::from(Arc::<str>::from(text)).into(),
        },
        value => value.to_otel(),
    }
}
