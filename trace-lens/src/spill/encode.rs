//! Writes spans as columns.

use super::numbers::{put, put_difference};
use crate::model::{Attribute, AttributeId, SpanSet, Text, Value};

/// The entries of a table that a block uses, numbered in the order of their first use.
#[derive(Debug, Default)]
struct Used {
    /// The number of each entry plus one; 0 for entries that are not used.
    numbers: Vec<u32>,
    entries: Vec<u32>,
}

impl Used {
    fn number(&mut self, entry: u32) -> u64 {
        let at = entry as usize;
        if at >= self.numbers.len() {
            self.numbers.resize(at + 1, 0);
        }
        if self.numbers[at] == 0 {
            self.entries.push(entry);
            self.numbers[at] = self.entries.len() as u32;
        }
        u64::from(self.numbers[at] - 1)
    }

    fn clear(&mut self) {
        for &entry in &self.entries {
            self.numbers[entry as usize] = 0;
        }
        self.entries.clear();
    }
}

/// Writes blocks of one set of spans. Each has its own tables of the texts and attributes that it uses.
#[derive(Debug)]
pub(super) struct Encoder<'s> {
    set: &'s SpanSet,
    texts: Used,
    attributes: Used,
    resources: Used,
    scopes: Used,
}

impl<'s> Encoder<'s> {
    pub(super) fn new(set: &'s SpanSet) -> Self {
        let none = Used::default;
        Self { set, texts: none(), attributes: none(), resources: none(), scopes: none() }
    }

    /// Returns the block of these rows, which are sorted by trace.
    pub(super) fn encode(&mut self, rows: &[u32]) -> Vec<u8> {
        let mut columns = Vec::with_capacity(rows.len() * 64);
        self.traces(rows, &mut columns);
        self.times(rows, &mut columns);
        self.indexed(rows, &mut columns);
        section(&mut columns, |out| self.attribute_lists(rows, out));
        section(&mut columns, |out| self.events(rows, out));
        section(&mut columns, |out| self.links(rows, out));
        // The columns decide what is in the tables, and each table adds to the one after it.
        let mut out = Vec::with_capacity(columns.len() * 2);
        let scopes = self.scope_table();
        let resources = self.resource_table();
        let attributes = self.attribute_table();
        self.text_table(&mut out);
        for part in [attributes, resources, scopes, columns] {
            out.extend_from_slice(&part);
        }
        for used in [&mut self.texts, &mut self.attributes, &mut self.resources, &mut self.scopes] {
            used.clear();
        }
        out
    }

    /// Writes the ids: those of traces once for all their rows.
    fn traces(&self, rows: &[u32], out: &mut Vec<u8>) {
        let set = self.set;
        put(out, rows.len() as u64);
        section(out, |out| {
            for trace in rows.chunk_by(|&a, &b| set.trace_ids[a as usize] == set.trace_ids[b as usize]) {
                out.extend_from_slice(&set.trace_ids[trace[0] as usize].to_le_bytes());
                put(out, trace.len() as u64);
            }
        });
        for column in [&set.span_ids, &set.parents] {
            section(out, |out| rows.iter().for_each(|&row| out.extend(column[row as usize].to_le_bytes())));
        }
    }

    fn times(&self, rows: &[u32], out: &mut Vec<u8>) {
        let set = self.set;
        section(out, |out| {
            let mut last = 0;
            for &row in rows {
                put_difference(out, last, set.starts[row as usize]);
                last = set.starts[row as usize];
            }
        });
        section(out, |out| {
            rows.iter()
                .map(|&row| row as usize)
                .for_each(|row| put_difference(out, set.starts[row], set.ends[row]));
        });
        section(out, |out| out.extend(rows.iter().map(|&row| set.kinds[row as usize].otlp())));
        section(out, |out| out.extend(rows.iter().map(|&row| set.statuses[row as usize].otlp())));
        section(out, |out| rows.iter().for_each(|&row| put(out, set.flags[row as usize].into())));
    }

    fn indexed(&mut self, rows: &[u32], out: &mut Vec<u8>) {
        let set = self.set;
        for column in [&set.names, &set.messages, &set.trace_states] {
            section(out, |out| rows.iter().for_each(|&row| self.text(column[row as usize], out)));
        }
        for (column, used) in [(&set.resource_of, &mut self.resources), (&set.scope_of, &mut self.scopes)] {
            section(out, |out| rows.iter().for_each(|&row| put(out, used.number(column[row as usize]))));
        }
    }

    fn text(&mut self, text: Text, out: &mut Vec<u8>) {
        put(out, self.texts.number(text.0));
    }

    fn attribute_ids(&mut self, ids: &[AttributeId], out: &mut Vec<u8>) {
        put(out, ids.len() as u64);
        for id in ids {
            put(out, self.attributes.number(id.0));
        }
    }

    fn attribute_lists(&mut self, rows: &[u32], out: &mut Vec<u8>) {
        let set = self.set;
        for &row in rows {
            self.attribute_ids(set.span_attributes(row as usize), out);
        }
    }

    fn events(&mut self, rows: &[u32], out: &mut Vec<u8>) {
        let set = self.set;
        for &row in rows {
            let events = set.span_events(row as usize);
            put(out, events.len() as u64);
            for event in events {
                put_difference(out, set.starts[row as usize], event.time);
                self.text(event.name, out);
                self.attribute_ids(set.owned_attributes(event.attributes), out);
            }
        }
    }

    fn links(&mut self, rows: &[u32], out: &mut Vec<u8>) {
        let set = self.set;
        for &row in rows {
            let links = set.span_links(row as usize);
            put(out, links.len() as u64);
            for link in links {
                out.extend_from_slice(&link.trace_id.to_le_bytes());
                out.extend_from_slice(&link.span_id.to_le_bytes());
                out.push(u8::from(link.is_follows_from));
                self.attribute_ids(set.owned_attributes(link.attributes), out);
            }
        }
    }

    fn scope_table(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.scopes.entries.len() as u64);
        for index in 0..self.scopes.entries.len() {
            let entry = self.scopes.entries[index] as usize;
            let scope = self.set.scopes.get(entry).copied().unwrap_or_default();
            self.text(scope.name, &mut out);
            self.text(scope.version, &mut out);
        }
        out
    }

    fn resource_table(&mut self) -> Vec<u8> {
        let (set, mut out) = (self.set, Vec::new());
        put(&mut out, self.resources.entries.len() as u64);
        for index in 0..self.resources.entries.len() {
            let entry = self.resources.entries[index] as usize;
            let ids = set.resources.get(entry).map(|it| it.attributes.as_slice());
            self.attribute_ids(ids.unwrap_or_default(), &mut out);
        }
        out
    }

    fn attribute_table(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.attributes.entries.len() as u64);
        for index in 0..self.attributes.entries.len() {
            let Attribute { key, value } =
                self.set.attributes.get(AttributeId(self.attributes.entries[index]));
            self.text(key, &mut out);
            self.value(value, &mut out);
        }
        out
    }

    fn value(&mut self, value: Value, out: &mut Vec<u8>) {
        match value {
            Value::Empty => out.push(0),
            Value::Text(text) => {
                out.push(1);
                self.text(text, out);
            }
            Value::Int(number) => {
                out.push(2);
                #[allow(clippy::cast_sign_loss)]
                put_difference(out, 0, number as u64);
            }
            Value::Double(bits) => {
                out.push(3);
                out.extend_from_slice(&bits.to_le_bytes());
            }
            Value::Bool(flag) => out.push(4 + u8::from(flag)),
            Value::Json(text) => {
                out.push(6);
                self.text(text, out);
            }
            Value::Bytes(text) => {
                out.push(7);
                self.text(text, out);
            }
        }
    }

    fn text_table(&self, out: &mut Vec<u8>) {
        put(out, self.texts.entries.len() as u64);
        for &entry in &self.texts.entries {
            let text = self.set.texts.get(Text(entry));
            put(out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Writes the length of what `write` appends, and then that.
fn section(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    write(&mut content);
    put(out, content.len() as u64);
    out.extend_from_slice(&content);
}
