//! One trace and its spans, as views of a [`SpanSet`].

use std::borrow::Cow;

use super::attribute::{Attribute, Value};
use super::kind::{Kind, Status};
use super::set::{Event, Link, Resource, Scope, SpanSet};
use super::text::Text;
use super::weight::Weight;

/// The spans of one trace.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    set: &'a SpanSet,
    rows: &'a [u32],
}

impl<'a> Trace<'a> {
    pub(crate) fn new(set: &'a SpanSet, rows: &'a [u32]) -> Self {
        Self { set, rows }
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> u128 {
        self.rows.first().map_or(0, |&row| self.set.trace_ids[row as usize])
    }

    /// Returns the number of spans.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no spans.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the set that the trace belongs to.
    #[must_use]
    pub fn set(&self) -> &'a SpanSet {
        self.set
    }

    /// Returns the span with this index. Spans are ordered by start.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn span(&self, index: usize) -> SpanRef<'a> {
        SpanRef { set: self.set, row: self.rows[index] as usize }
    }

    /// Returns the spans, by start.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = SpanRef<'a>> + Clone + use<'a> {
        let set = self.set;
        self.rows.iter().map(move |&row| SpanRef { set, row: row as usize })
    }

    /// Returns the earliest start, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.spans().map(|span| span.start()).min().unwrap_or(0)
    }

    /// Returns the latest end, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.spans().map(|span| span.end()).max().unwrap_or(0)
    }

    /// Returns the nanoseconds from the earliest start to the latest end.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.end() - self.start()
    }

    /// Returns the main span: the longest root, else the earliest span.
    ///
    /// `None` without spans.
    #[must_use]
    pub fn main(&self) -> Option<SpanRef<'a>> {
        let roots = self.spans().filter(|span| span.parent_id().is_none());
        // Of equally long roots, the first.
        let longest = roots.reduce(|best, span| if span.duration() > best.duration() { span } else { best });
        longest.or_else(|| self.rows.first().map(|_| self.span(0)))
    }

    /// Returns how many traces this one represents, from the sampling threshold of its spans.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.spans().map(|span| span.weight()).max().unwrap_or(Weight::ONE)
    }
}

impl SpanSet {
    /// Returns the traces, by id.
    pub fn traces(&self) -> impl ExactSizeIterator<Item = Trace<'_>> + Clone {
        self.groups.iter().map(|&group| self.trace_of(group))
    }

    /// Returns the trace with this id.
    #[must_use]
    pub fn trace(&self, id: u128) -> Option<Trace<'_>> {
        let found = self
            .groups
            .binary_search_by_key(&id, |&(first, _)| self.trace_ids[self.order[first as usize] as usize]);
        found.ok().map(|index| self.trace_of(self.groups[index]))
    }

    /// Removes the traces for which `keep` returns false.
    pub fn retain_traces(&mut self, mut keep: impl FnMut(Trace<'_>) -> bool) {
        let mut groups = std::mem::take(&mut self.groups);
        groups.retain(|&group| keep(self.trace_of(group)));
        self.groups = groups;
    }

    pub(crate) fn trace_of(&self, (first, count): (u32, u32)) -> Trace<'_> {
        Trace::new(self, &self.order[first as usize..(first + count) as usize])
    }
}

/// One span of a [`SpanSet`].
#[derive(Debug, Clone, Copy)]
pub struct SpanRef<'a> {
    set: &'a SpanSet,
    row: usize,
}

impl<'a> SpanRef<'a> {
    /// Returns the set that the span belongs to.
    #[must_use]
    pub fn set(&self) -> &'a SpanSet {
        self.set
    }

    /// Returns the id of the trace.
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        self.set.trace_ids[self.row]
    }

    /// Returns the id of the span.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.set.span_ids[self.row]
    }

    /// Returns the id of the parent, `None` for a root.
    #[must_use]
    pub fn parent_id(&self) -> Option<u64> {
        Some(self.set.parents[self.row]).filter(|&id| id != 0)
    }

    /// Returns the start, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.set.starts[self.row]
    }

    /// Returns the end, or the start if the span claims to end before it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.set.ends[self.row].max(self.start())
    }

    /// Returns the end as recorded, which may lie before the start.
    #[must_use]
    pub fn raw_end(&self) -> u64 {
        self.set.ends[self.row]
    }

    /// Returns the duration in nanoseconds, 0 if the span claims to end before it starts.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.end() - self.start()
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.set.texts.get(self.name_text())
    }

    /// Returns the name as an entry of the set's texts.
    #[must_use]
    pub fn name_text(&self) -> Text {
        self.set.names[self.row]
    }

    /// Returns the service, empty when unknown.
    #[must_use]
    pub fn service(&self) -> &'a str {
        self.set.texts.get(self.service_text())
    }

    /// Returns the service as an entry of the set's texts.
    #[must_use]
    pub fn service_text(&self) -> Text {
        self.resource().map_or(Text::EMPTY, |it| it.service)
    }

    /// Returns the host, empty when unknown.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.set.texts.get(self.resource().map_or(Text::EMPTY, |it| it.host))
    }

    /// Returns what recorded the span.
    #[must_use]
    pub fn resource(&self) -> Option<&'a Resource> {
        self.set.resources.get(self.resource_index() as usize)
    }

    pub(crate) fn resource_index(&self) -> u32 {
        self.set.resource_of[self.row]
    }

    /// Returns the instrumentation that recorded the span.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.set.scopes.get(self.set.scope_of[self.row] as usize).copied().unwrap_or_default()
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.set.kinds[self.row]
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.set.statuses[self.row]
    }

    /// Returns whether the span failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.status() == Status::Error
    }

    /// Returns the message of the status, often empty.
    #[must_use]
    pub fn message(&self) -> &'a str {
        self.set.texts.get(self.set.messages[self.row])
    }

    /// Returns the W3C `tracestate`.
    #[must_use]
    pub fn trace_state(&self) -> &'a str {
        self.set.texts.get(self.set.trace_states[self.row])
    }

    /// Returns the flags of OTLP.
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.set.flags[self.row]
    }

    /// Returns how many spans this one represents, from its sampling threshold.
    #[must_use]
    pub fn weight(&self) -> Weight {
        if self.set.trace_states[self.row].is_empty() {
            Weight::ONE
        } else {
            Weight::of_trace_state(self.trace_state())
        }
    }

    /// Returns the attributes of the span, in order.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute> + use<'a> {
        let set = self.set;
        self.attribute_ids().iter().map(move |&id| set.attributes.get(id))
    }

    pub(crate) fn attribute_ids(&self) -> &'a [super::attribute::AttributeId] {
        self.set.span_attributes(self.row)
    }

    /// Returns the attribute of the span, or else of its resource.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<Value> {
        let key = self.set.texts.find(key)?;
        self.attribute_by_text(key)
    }

    pub(crate) fn attribute_by_text(&self, key: Text) -> Option<Value> {
        if let Some(found) = self.attributes().find(|it| it.key == key) {
            return Some(found.value);
        }
        let resource = self.resource()?.attributes.iter().map(|&id| self.set.attributes.get(id));
        resource.into_iter().find(|it| it.key == key).map(|it| it.value)
    }

    /// Returns the attribute as text, if it is there and not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.attribute(key).map(|it| it.display(&self.set.texts)).filter(|it| !it.is_empty())
    }

    /// Returns the first of these attributes that is there, as text.
    #[must_use]
    pub fn first_text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// Returns the events, in order.
    #[must_use]
    pub fn events(&self) -> &'a [Event] {
        self.set.span_events(self.row)
    }

    /// Returns the links.
    #[must_use]
    pub fn links(&self) -> &'a [Link] {
        self.set.span_links(self.row)
    }

    /// Returns the attributes of one of its events.
    pub fn event_attributes(&self, event: &Event) -> impl Iterator<Item = Attribute> + use<'a> {
        self.owned_attributes(event.attributes)
    }

    /// Returns the attributes of one of its links.
    pub fn link_attributes(&self, link: &Link) -> impl Iterator<Item = Attribute> + use<'a> {
        self.owned_attributes(link.attributes)
    }

    fn owned_attributes(&self, range: (u32, u32)) -> impl Iterator<Item = Attribute> + use<'a> {
        let set = self.set;
        set.owned_attributes(range).iter().map(move |&id| set.attributes.get(id))
    }

    /// Returns what class of error the span reports, empty when it reports none.
    ///
    /// That is `error.type`, else the type of its first exception, else the gRPC or HTTP status code.
    #[must_use]
    pub fn error_type(&self) -> Cow<'a, str> {
        const KEYS: [&str; 6] = [
            "error.type",
            "exception.type",
            "rpc.response.status_code",
            "rpc.grpc.status_code",
            "http.response.status_code",
            "http.status_code",
        ];
        let own = |key: &&str| self.text(key);
        if let Some(found) = KEYS[..2].iter().find_map(own) {
            return found;
        }
        let exception = self.set.texts.find("exception.type");
        let exceptions = self.events().iter().flat_map(|event| self.event_attributes(event));
        let of_event =
            exceptions.filter(|it| Some(it.key) == exception).map(|it| it.value.display(&self.set.texts));
        of_event.into_iter().next().or_else(|| KEYS[2..].iter().find_map(own)).unwrap_or_default()
    }
}
