//! Spans in columns.

use hashbrown::HashMap;

use super::attribute::{AttributeId, Attributes};
use super::kind::{Kind, Status};
use super::text::{Text, Texts};

/// What recorded a span: a process, host or function, with its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Resource {
    /// `service.name`.
    pub service: Text,
    /// The host: `host.id`, else the first of `host.ip`, else `host.name`. Empty when unknown.
    pub host: Text,
    /// All attributes.
    pub attributes: Vec<AttributeId>,
}

/// The instrumentation that recorded a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Scope {
    /// The name.
    pub name: Text,
    /// The version.
    pub version: Text,
}

/// Something that happened during a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Event {
    /// Nanoseconds since the Unix epoch.
    pub time: u64,
    /// The name.
    pub name: Text,
    pub(crate) attributes: (u32, u32),
}

/// A link to another span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Link {
    /// The linked trace.
    pub trace_id: u128,
    /// The linked span.
    pub span_id: u64,
    /// Whether the span follows from the linked one without being awaited by it.
    pub is_follows_from: bool,
    pub(crate) attributes: (u32, u32),
}

/// The fixed fields of one span.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
    /// 0 for a root.
    pub(crate) parent: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) name: Text,
    pub(crate) kind: Kind,
    pub(crate) status: Status,
    pub(crate) message: Text,
    pub(crate) trace_state: Text,
    pub(crate) flags: u32,
    pub(crate) resource: u32,
    pub(crate) scope: u32,
}

/// Spans in columns, with interned text, grouped into traces.
///
/// Readers fill it, and analyses read it trace by trace.
#[derive(Debug, Clone, Default)]
pub struct SpanSet {
    pub(crate) texts: Texts,
    pub(crate) attributes: Attributes,
    pub(crate) resources: Vec<Resource>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) trace_ids: Vec<u128>,
    pub(crate) span_ids: Vec<u64>,
    pub(crate) parents: Vec<u64>,
    pub(crate) starts: Vec<u64>,
    pub(crate) ends: Vec<u64>,
    pub(crate) names: Vec<Text>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) messages: Vec<Text>,
    pub(crate) trace_states: Vec<Text>,
    pub(crate) flags: Vec<u32>,
    pub(crate) resource_of: Vec<u32>,
    pub(crate) scope_of: Vec<u32>,
    /// Where the attributes, events and links of each span end.
    pub(crate) attribute_ends: Vec<u32>,
    pub(crate) event_ends: Vec<u32>,
    pub(crate) link_ends: Vec<u32>,
    pub(crate) attribute_ids: Vec<AttributeId>,
    pub(crate) events: Vec<Event>,
    pub(crate) event_attributes: Vec<AttributeId>,
    pub(crate) links: Vec<Link>,
    /// Rows by trace, then by start. Empty until the spans are grouped.
    pub(crate) order: Vec<u32>,
    /// The first entry of `order` of each trace, and the number of entries.
    pub(crate) groups: Vec<(u32, u32)>,
}

impl SpanSet {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of spans.
    #[must_use]
    pub fn len(&self) -> usize {
        self.span_ids.len()
    }

    /// Returns whether there are no spans.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.span_ids.is_empty()
    }

    /// Returns the strings.
    #[must_use]
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Returns the attributes of spans, events and resources.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Returns the resources.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Returns the number of traces.
    #[must_use]
    pub fn trace_count(&self) -> usize {
        self.groups.len()
    }

    /// Returns the approximate memory of the set, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        const FIXED: usize = 16 + 8 * 4 + 4 + 2 + 4 * 8;
        self.span_ids.capacity() * FIXED
            + self.attribute_ids.capacity() * 4
            + self.events.capacity() * size_of::<Event>()
            + self.event_attributes.capacity() * 4
            + self.links.capacity() * size_of::<Link>()
            + self.order.capacity() * 4
            + self.texts.memory()
            + self.attributes.memory()
    }

    /// Returns the approximate memory that these rows would take in a set of their own, in bytes.
    pub(crate) fn memory_of(&self, rows: &[u32]) -> usize {
        const FIXED: usize = 16 + 8 * 4 + 4 + 2 + 4 * 8 + 4;
        let each = rows.iter().map(|&row| row as usize).map(|row| {
            FIXED
                + self.span_attributes(row).len() * 4
                + size_of_val(self.span_events(row))
                + size_of_val(self.span_links(row))
        });
        // Texts are shared by spans of a set, but those of a few spans are a part of all.
        let texts = (self.texts.memory() + self.attributes.memory()) / self.len().max(1) * rows.len();
        each.sum::<usize>() + texts
    }

    pub(crate) fn span_attributes(&self, row: usize) -> &[AttributeId] {
        &self.attribute_ids[range(&self.attribute_ends, row)]
    }

    pub(crate) fn span_events(&self, row: usize) -> &[Event] {
        &self.events[range(&self.event_ends, row)]
    }

    pub(crate) fn span_links(&self, row: usize) -> &[Link] {
        &self.links[range(&self.link_ends, row)]
    }

    /// Returns the attributes of an event or a link.
    pub(crate) fn owned_attributes(&self, (from, to): (u32, u32)) -> &[AttributeId] {
        &self.event_attributes[from as usize..to as usize]
    }

    /// Appends a span whose attributes, events and links were appended before.
    pub(crate) fn push(&mut self, row: &Row) {
        self.trace_ids.push(row.trace_id);
        self.span_ids.push(row.span_id);
        self.parents.push(row.parent);
        self.starts.push(row.start);
        self.ends.push(row.end);
        self.names.push(row.name);
        self.kinds.push(row.kind);
        self.statuses.push(row.status);
        self.messages.push(row.message);
        self.trace_states.push(row.trace_state);
        self.flags.push(row.flags);
        self.resource_of.push(row.resource);
        self.scope_of.push(row.scope);
        self.attribute_ends.push(self.attribute_ids.len() as u32);
        self.event_ends.push(self.events.len() as u32);
        self.link_ends.push(self.links.len() as u32);
    }

    /// Removes attributes, events and links that were appended after the last span.
    pub(crate) fn discard_open(&mut self) {
        let last = |ends: &[u32]| ends.last().copied().unwrap_or(0) as usize;
        self.attribute_ids.truncate(last(&self.attribute_ends));
        self.events.truncate(last(&self.event_ends));
        self.links.truncate(last(&self.link_ends));
    }

    /// Moves all spans of `other` into this set.
    pub(crate) fn absorb(&mut self, other: Self) {
        if self.is_empty() && self.resources.is_empty() && self.texts.is_empty() {
            *self = other;
            return;
        }
        let texts = self.texts.absorb(&other.texts);
        let moved = |text: Text| texts[text.0 as usize];
        let attributes = self.attributes.absorb(&other.attributes, &texts);
        let attribute = |id: &AttributeId| attributes[id.0 as usize];
        let (resource_base, scope_base) = (self.resources.len() as u32, self.scopes.len() as u32);
        self.resources.extend(other.resources.iter().map(|it| Resource {
            service: moved(it.service),
            host: moved(it.host),
            attributes: it.attributes.iter().map(attribute).collect(),
        }));
        let scopes = other.scopes.iter();
        self.scopes.extend(scopes.map(|it| Scope { name: moved(it.name), version: moved(it.version) }));
        self.trace_ids.extend(&other.trace_ids);
        self.span_ids.extend(&other.span_ids);
        self.parents.extend(&other.parents);
        self.starts.extend(&other.starts);
        self.ends.extend(&other.ends);
        self.names.extend(other.names.iter().map(|&it| moved(it)));
        self.kinds.extend(&other.kinds);
        self.statuses.extend(&other.statuses);
        self.messages.extend(other.messages.iter().map(|&it| moved(it)));
        self.trace_states.extend(other.trace_states.iter().map(|&it| moved(it)));
        self.flags.extend(&other.flags);
        self.resource_of.extend(other.resource_of.iter().map(|it| it + resource_base));
        self.scope_of.extend(other.scope_of.iter().map(|it| it + scope_base));
        let base = self.attribute_ids.len() as u32;
        self.attribute_ends.extend(other.attribute_ends.iter().map(|it| it + base));
        self.attribute_ids.extend(other.attribute_ids.iter().map(attribute));
        let base = self.event_attributes.len() as u32;
        let shift = |(from, to): (u32, u32)| (from + base, to + base);
        let (events, links) = (self.events.len() as u32, self.links.len() as u32);
        self.events.extend(other.events.iter().map(|it| Event {
            time: it.time,
            name: moved(it.name),
            attributes: shift(it.attributes),
        }));
        self.links.extend(other.links.iter().map(|it| Link { attributes: shift(it.attributes), ..*it }));
        self.event_attributes.extend(other.event_attributes.iter().map(attribute));
        self.event_ends.extend(other.event_ends.iter().map(|it| it + events));
        self.link_ends.extend(other.link_ends.iter().map(|it| it + links));
    }

    /// Makes equal resources and scopes one, and arranges the spans by trace.
    pub(crate) fn group(&mut self) {
        self.unify_resources();
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by_key(|&row| {
            let row = row as usize;
            (self.trace_ids[row], self.starts[row], u64::MAX - self.ends[row], row)
        });
        self.groups.clear();
        for (position, &row) in order.iter().enumerate() {
            let id = self.trace_ids[row as usize];
            match self.groups.last_mut() {
                Some((first, count)) if self.trace_ids[order[*first as usize] as usize] == id => *count += 1,
                _ => self.groups.push((position as u32, 1)),
            }
        }
        self.order = order;
    }

    fn unify_resources(&mut self) {
        let mut seen: HashMap<Resource, u32> = HashMap::new();
        let mut unique = Vec::new();
        let place = |resource: Resource, unique: &mut Vec<Resource>, seen: &mut HashMap<Resource, u32>| {
            *seen.entry(resource).or_insert_with_key(|resource| {
                unique.push(resource.clone());
                unique.len() as u32 - 1
            })
        };
        let all = std::mem::take(&mut self.resources).into_iter();
        let moved: Vec<u32> = all.map(|it| place(it, &mut unique, &mut seen)).collect();
        self.resources = unique;
        for resource in &mut self.resource_of {
            *resource = moved.get(*resource as usize).copied().unwrap_or(0);
        }
    }
}

/// Returns where the entries of a row are in a list, of whose parts `ends` has the ends.
fn range(ends: &[u32], row: usize) -> std::ops::Range<usize> {
    let from = if row == 0 { 0 } else { ends[row - 1] };
    from as usize..ends[row] as usize
}
