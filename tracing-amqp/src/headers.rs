//! The header table of a message as a carrier of trace context.

use std::collections::BTreeMap;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use tracing_core_lite::propagation::{Extract, Inject};

/// The headers of a message, for reading. Names ignore ASCII case, because clients write them differently.
#[derive(Clone, Copy)]
pub(crate) struct Headers<'a>(Option<&'a BTreeMap<ShortString, AMQPValue>>);

impl<'a> Headers<'a> {
    pub(crate) fn of(properties: &'a BasicProperties) -> Self {
        Self(properties.headers().as_ref().map(FieldTable::inner))
    }

    pub(crate) fn value(self, name: &str) -> Option<&'a AMQPValue> {
        let table = self.0?;
        table.get(name).or_else(|| {
            table.iter().find(|(key, _)| key.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.value(name).and_then(text)
    }
}

impl Extract for Headers<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.value(name).and_then(bytes)
    }

    fn visit_all<'b>(&'b self, visit: &mut dyn FnMut(&'b str, &'b [u8])) -> bool {
        let headers = self.0.into_iter().flatten();
        headers
            .filter_map(|(name, value)| Some((name.as_str(), bytes(value)?)))
            .for_each(|(name, value)| visit(name, value));
        true
    }
}

/// Returns the text of a value, if it is text.
pub(crate) fn text(value: &AMQPValue) -> Option<&str> {
    bytes(value).and_then(|bytes| std::str::from_utf8(bytes).ok())
}

fn bytes(value: &AMQPValue) -> Option<&[u8]> {
    match value {
        AMQPValue::LongString(text) => Some(text.as_bytes()),
        AMQPValue::ShortString(text) => Some(text.as_str().as_bytes()),
        AMQPValue::ByteArray(bytes) => Some(bytes.as_slice()),
        _ => None,
    }
}

/// A copy of the headers of a message, for writing. lapin offers neither mutable nor owned access to its own.
pub(crate) struct NewHeaders(BTreeMap<ShortString, AMQPValue>);

impl NewHeaders {
    pub(crate) fn of(properties: &BasicProperties) -> Self {
        Self(properties.headers().as_ref().map(|table| table.inner().clone()).unwrap_or_default())
    }

    /// Returns `properties` with these headers, and without a table if there was none and there are no headers.
    pub(crate) fn put_into(self, properties: BasicProperties) -> BasicProperties {
        if self.0.is_empty() && properties.headers().is_none() {
            return properties;
        }
        properties.with_headers(FieldTable::from(self.0))
    }

    fn remove_named(&mut self, name: &str) {
        // Most tables lack the header, and a search is cheaper than rebuilding the table.
        if self.0.keys().any(|key| key.as_str().eq_ignore_ascii_case(name)) {
            self.0.retain(|key, _| !key.as_str().eq_ignore_ascii_case(name));
        }
    }
}

impl Inject for NewHeaders {
    fn set(&mut self, name: &'static str, value: &str) {
        self.set_named(name, value);
    }

    fn remove(&mut self, name: &'static str) {
        self.remove_named(name);
    }

    fn set_named(&mut self, name: &str, value: &str) {
        self.remove_named(name);
        // AMQP cannot send a longer name.
        if let Ok(name) = ShortString::try_new(name) {
            self.0.insert(name, AMQPValue::LongString(value.into()));
        }
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        self.0.retain(|name, _| !matches(&name.as_str().to_ascii_lowercase()));
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn properties(headers: &[(&str, AMQPValue)]) -> BasicProperties {
        let headers: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| (ShortString::from(*name), value.clone())).collect();
        BasicProperties::default().with_headers(FieldTable::from(headers))
    }

    #[test]
    fn every_kind_of_text_is_read() {
        for (name, value, expected) in [
            ("long", AMQPValue::LongString("x".into()), Some("x")),
            ("short", AMQPValue::ShortString("x".into()), Some("x")),
            ("bytes", AMQPValue::ByteArray(b"x".to_vec().into()), Some("x")),
            ("number", AMQPValue::LongInt(7), None),
            ("void", AMQPValue::Void, None),
        ] {
            let properties = properties(&[("TraceParent", value)]);
            let headers = Headers::of(&properties);
            assert_eq!(headers.get("traceparent"), expected.map(str::as_bytes), "{name}");
        }
        assert_eq!(Headers::of(&BasicProperties::default()).get("traceparent"), None);
    }

    #[test]
    fn stale_headers_are_replaced_whatever_their_case_and_others_stay() {
        let stale = AMQPValue::LongString("stale".into());
        let given = properties(&[
            ("Traceparent", stale.clone()),
            ("TRACEPARENT", stale.clone()),
            ("traceparent", stale.clone()),
            ("BAGGAGE", stale),
            ("tenant", AMQPValue::LongInt(7)),
        ]);
        let mut headers = NewHeaders::of(&given);
        headers.set("traceparent", "fresh");
        headers.remove("baggage");
        let sent = headers.put_into(given);
        let table = sent.headers().as_ref().unwrap().inner();
        assert_eq!(table.len(), 2);
        assert_eq!(table["traceparent"], AMQPValue::LongString("fresh".into()));
        assert_eq!(table["tenant"], AMQPValue::LongInt(7));
    }

    #[test]
    fn without_headers_no_table_is_created() {
        let mut headers = NewHeaders::of(&BasicProperties::default());
        headers.remove("traceparent");
        assert!(headers.put_into(BasicProperties::default()).headers().is_none());
    }
}
