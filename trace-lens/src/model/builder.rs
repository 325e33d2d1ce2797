//! Fills a [`SpanSet`] span by span.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::attribute::{AttributeId, Value};
use super::set::{Event, Link, Resource, Row, Scope, SpanSet};
use super::text::Text;

/// Fills a [`SpanSet`]: first the attributes, events and links of a span, then the span itself.
#[derive(Debug)]
pub(crate) struct Builder {
    set: SpanSet,
    scopes: HashMap<Scope, u32>,
    resources: HashMap<Vec<AttributeId>, u32>,
}

impl Builder {
    /// Creates an empty one, whose first scope is the unknown one.
    pub(crate) fn new() -> Self {
        let set = SpanSet { scopes: vec![Scope::default()], ..SpanSet::new() };
        Self { set, scopes: HashMap::from([(Scope::default(), 0)]), resources: HashMap::new() }
    }

    pub(crate) fn text(&mut self, text: &str) -> Text {
        self.set.texts.intern(text)
    }

    pub(crate) fn attribute(&mut self, key: &str, value: Value) -> AttributeId {
        let key = self.set.texts.intern(key);
        self.set.attributes.intern(key, value)
    }

    pub(crate) fn text_attribute(&mut self, key: &str, value: &str) -> AttributeId {
        let value = Value::Text(self.set.texts.intern(value));
        self.attribute(key, value)
    }

    pub(crate) fn span_attribute(&mut self, id: AttributeId) {
        self.set.attribute_ids.push(id);
    }

    pub(crate) fn event(&mut self, time: u64, name: Text, attributes: &[AttributeId]) {
        let attributes = self.owned(attributes);
        self.set.events.push(Event { time, name, attributes });
    }

    pub(crate) fn link(
        &mut self,
        trace_id: u128,
        span_id: u64,
        is_follows_from: bool,
        attributes: &[AttributeId],
    ) {
        let attributes = self.owned(attributes);
        self.set.links.push(Link { trace_id, span_id, is_follows_from, attributes });
    }

    fn owned(&mut self, attributes: &[AttributeId]) -> (u32, u32) {
        let from = self.set.event_attributes.len() as u32;
        self.set.event_attributes.extend_from_slice(attributes);
        (from, self.set.event_attributes.len() as u32)
    }

    /// Returns the string of a text.
    pub(crate) fn read_text(&self, text: Text) -> &str {
        self.set.texts.get(text)
    }

    /// Returns key and value of an attribute.
    pub(crate) fn read_attribute(&self, id: AttributeId) -> (&str, Cow<'_, str>) {
        let attribute = self.set.attributes.get(id);
        (self.set.texts.get(attribute.key), attribute.value.display(&self.set.texts))
    }

    /// Returns the value of the attribute with this key, as text; empty without one.
    pub(crate) fn find(&mut self, attributes: &[AttributeId], key: &str) -> Text {
        self.find_text(attributes, key)
    }

    /// Ends the span whose attributes, events and links were added.
    pub(crate) fn span(&mut self, row: &Row) {
        self.set.push(row);
    }

    /// Forgets the attributes, events and links that were added since the last span.
    pub(crate) fn discard_open(&mut self) {
        self.set.discard_open();
    }

    /// Returns the entry of a resource, which is added if it is new.
    pub(crate) fn add_resource(&mut self, attributes: Vec<AttributeId>) -> u32 {
        if let Some(&found) = self.resources.get(&attributes) {
            return found;
        }
        let entry = self.open_resource();
        self.resources.insert(attributes.clone(), entry);
        self.fill_resource(entry, attributes);
        entry
    }

    /// Returns a new resource, for spans that come before its attributes.
    pub(crate) fn open_resource(&mut self) -> u32 {
        self.set.resources.push(Resource::default());
        self.set.resources.len() as u32 - 1
    }

    pub(crate) fn fill_resource(&mut self, entry: u32, attributes: Vec<AttributeId>) {
        let service = self.find_text(&attributes, "service.name");
        let host = self.host(&attributes);
        if let Some(resource) = self.set.resources.get_mut(entry as usize) {
            *resource = Resource { service, host, attributes };
        }
    }

    fn find_text(&mut self, attributes: &[AttributeId], key: &str) -> Text {
        let Some(key) = self.set.texts.find(key) else { return Text::EMPTY };
        let found = attributes.iter().map(|&id| self.set.attributes.get(id)).find(|it| it.key == key);
        let text = found.map(|it| it.value.display(&self.set.texts).into_owned()).unwrap_or_default();
        self.set.texts.intern(&text)
    }

    fn host(&mut self, attributes: &[AttributeId]) -> Text {
        let id = self.find_text(attributes, "host.id");
        if !id.is_empty() {
            return id;
        }
        let ip = self.find_text(attributes, "host.ip");
        let listed: Option<Vec<String>> = serde_json::from_str(self.set.texts.get(ip)).ok();
        let ip = match listed {
            Some(list) => self.set.texts.intern(list.first().map_or("", String::as_str)),
            None => ip,
        };
        if ip.is_empty() { self.find_text(attributes, "host.name") } else { ip }
    }

    /// Returns the entry of a scope, which is added if it is new.
    pub(crate) fn add_scope(&mut self, name: &str, version: &str) -> u32 {
        let scope = Scope { name: self.text(name), version: self.text(version) };
        let scopes = &mut self.set.scopes;
        *self.scopes.entry(scope).or_insert_with(|| {
            scopes.push(scope);
            scopes.len() as u32 - 1
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    /// Returns the approximate memory of the spans so far, in bytes.
    pub(crate) fn memory(&self) -> usize {
        /// A resource with some attributes, in the set and in the index.
        const RESOURCE: usize = 256;
        self.set.memory() + self.set.resources.len() * RESOURCE
    }

    /// Returns the spans so far as they came, and starts anew.
    pub(crate) fn take(&mut self) -> SpanSet {
        std::mem::replace(self, Self::new()).set
    }

    /// Returns the spans, grouped into traces.
    pub(crate) fn finish(self) -> SpanSet {
        let mut set = self.set;
        set.group();
        set
    }
}
