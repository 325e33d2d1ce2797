//! Setting attributes.

use super::span_record::SpanRecord;
use crate::span::encode;
use crate::span::engine_limits::EngineLimits;
use crate::span::field::ATTRIBUTE;
use crate::span::key_filter::{KeyFilter, KeyPlace};
use crate::span::prepared::PreparedAttributes;
use crate::span::value::Value;
use crate::wire::Fields;

impl SpanRecord {
    /// Sets an attribute; a second value for a key replaces the first.
    ///
    /// The inlined part writes short texts and small integers under new keys. With a constant key, its place in
    /// the filter and its bytes are constants of the code.
    #[inline(always)]
    pub(crate) fn set(&mut self, key: &str, value: Value<'_>, limits: &EngineLimits) {
        let place = KeyFilter::place_of(key);
        match value {
            Value::Str(text)
                if text.len() <= limits.value_length.unwrap_or(usize::MAX)
                    && self.takes(key, place, encode::short_str_len(key, text.as_bytes()), limits) =>
            {
                encode::put_short_str(&mut self.fields, ATTRIBUTE, key, text.as_bytes());
            }
            Value::Int(int @ 0..encode::SMALL_INTS)
                if self.takes(key, place, encode::small_int_len(key, int), limits) =>
            {
                encode::put_small_int(&mut self.fields, ATTRIBUTE, key, int);
            }
            value => self.set_any(key, place, value, limits),
        }
    }

    /// Like [`set`](SpanRecord::set), for a text that may not be UTF-8. Most are short and ASCII, which is
    /// checked first.
    #[inline(always)]
    pub(crate) fn set_utf8(&mut self, key: &str, text: &[u8], limits: &EngineLimits) {
        let place = KeyFilter::place_of(key);
        if text.is_ascii()
            && text.len() <= limits.value_length.unwrap_or(usize::MAX)
            && self.takes(key, place, encode::short_str_len(key, text), limits)
        {
            encode::put_short_str(&mut self.fields, ATTRIBUTE, key, text);
        } else if let Ok(text) = std::str::from_utf8(text) {
            self.set_any(key, place, Value::Str(text), limits);
        }
    }

    /// Accounts for a short attribute under a new key. Returns false if it is none, or if a limit is reached.
    #[inline(always)]
    fn takes(&mut self, key: &str, place: KeyPlace, len: usize, limits: &EngineLimits) -> bool {
        let takes = len <= encode::SHORT
            && self.fields.len() + len <= limits.span_bytes
            && self.kept.attributes < limits.short_attributes()
            && !key.is_empty()
            && !self.ended
            && self.keys.insert(place);
        self.kept.attributes += u32::from(takes);
        takes
    }

    /// Sets all of `prepared`: with one copy if there is room for all and none of the keys has been set, one by
    /// one otherwise.
    #[inline]
    pub(crate) fn set_prepared(&mut self, prepared: &PreparedAttributes, limits: &EngineLimits) {
        let attributes = self.kept.attributes.saturating_add(prepared.count());
        let fits = attributes <= limits.short_attributes()
            && self.fields.len() + prepared.fields.len() <= limits.span_bytes
            && prepared.longest <= limits.value_length.unwrap_or(usize::MAX)
            && !self.ended;
        if fits && self.takes_keys(&prepared.keys) {
            self.fields.extend_from_slice(prepared.fields.as_slice());
            self.kept.attributes = attributes;
        } else {
            self.set_each(prepared, limits);
        }
    }

    /// Adds `keys` to the filter if all of them are certainly new. Prepared attributes are usually the first of
    /// a span.
    #[inline]
    fn takes_keys(&mut self, keys: &KeyFilter) -> bool {
        if self.kept.attributes == 0 && self.dropped.attributes == 0 {
            self.keys = *keys;
            return true;
        }
        self.keys.insert_all(keys)
    }

    #[cold]
    fn set_each(&mut self, prepared: &PreparedAttributes, limits: &EngineLimits) {
        prepared.each(|key, value| self.set_any(key, KeyFilter::place_of(key), value, limits));
    }

    #[inline(never)]
    fn set_any(&mut self, key: &str, place: KeyPlace, value: Value<'_>, limits: &EngineLimits) {
        if self.ended || key.is_empty() {
            return;
        }
        if !limits.keeps(place) {
            self.dropped.attributes += 1;
            return;
        }
        if self.keys.insert(place) {
            self.push_attribute(key, value, limits);
        } else {
            self.replace(key, value, limits);
        }
    }

    #[inline]
    fn push_attribute(&mut self, key: &str, value: Value<'_>, limits: &EngineLimits) {
        if self.kept.attributes >= limits.attributes || self.is_full(limits) {
            self.dropped.attributes += 1;
            return;
        }
        let before = self.fields.len();
        encode::put_key_value(&mut self.fields, ATTRIBUTE, key, &value, limits.value_length);
        if self.fields.len() > limits.span_bytes {
            self.fields.truncate(before);
            self.dropped.attributes += 1;
        } else {
            self.kept.attributes += 1;
        }
    }

    /// Returns the text of an attribute.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        let field = encode::find_key(self.fields.as_slice(), ATTRIBUTE, key)?;
        let (_, attribute) = Fields::of(&self.fields.as_slice()[field]).next().ok()??;
        let (_, value) = Fields::of(attribute.bytes().ok()?).find(2)?;
        let (_, text) = Fields::of(value.bytes().ok()?).find(1)?;
        text.string().ok()
    }

    /// Returns whether the span has an attribute with this key.
    pub(crate) fn has_attribute(&self, key: &str) -> bool {
        encode::find_key(self.fields.as_slice(), ATTRIBUTE, key).is_some()
    }

    #[cold]
    fn replace(&mut self, key: &str, value: Value<'_>, limits: &EngineLimits) {
        if let Some(old) = encode::find_key(self.fields.as_slice(), ATTRIBUTE, key) {
            self.fields.remove(old);
            self.kept.attributes -= 1;
        }
        self.push_attribute(key, value, limits);
    }
}
