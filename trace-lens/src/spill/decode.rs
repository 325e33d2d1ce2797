//! Reads columns back into spans.

use std::io;

use super::numbers::{Numbers, damaged};
use crate::model::{AttributeId, Builder, Kind, Row, Status, Text, Value};

/// Adds the spans of a block to a builder.
pub(super) fn decode(block: &[u8], builder: &mut Builder) -> io::Result<()> {
    let mut numbers = Numbers::new(block);
    let tables = Tables::read(&mut numbers, builder)?;
    let count = numbers.index()?;
    let mut columns = Columns::read(&mut numbers)?;
    let (mut trace_id, mut left) = (0, 0);
    let mut start = 0;
    for _ in 0..count {
        while left == 0 {
            trace_id = u128::from_le_bytes(columns.trace_ids.array()?);
            left = columns.trace_ids.next()?;
        }
        left -= 1;
        start = columns.starts.after(start)?;
        let row = columns.row(trace_id, start, &tables)?;
        columns.lists(start, &tables, builder)?;
        builder.span(&row);
    }
    Ok(())
}

/// The tables of a block, as entries of the builder.
struct Tables {
    texts: Vec<Text>,
    attributes: Vec<AttributeId>,
    resources: Vec<u32>,
    scopes: Vec<u32>,
}

impl Tables {
    fn read(numbers: &mut Numbers<'_>, builder: &mut Builder) -> io::Result<Self> {
        let mut tables =
            Self { texts: Vec::new(), attributes: Vec::new(), resources: Vec::new(), scopes: Vec::new() };
        let mut strings = Vec::new();
        for _ in 0..numbers.index()? {
            let length = numbers.index()?;
            let text = std::str::from_utf8(numbers.bytes(length)?).map_err(|_| damaged())?;
            strings.push(text);
            tables.texts.push(builder.text(text));
        }
        for _ in 0..numbers.index()? {
            let key: &str = numbers.entry(&strings)?;
            let value = value(numbers, &tables.texts)?;
            tables.attributes.push(builder.attribute(key, value));
        }
        for _ in 0..numbers.index()? {
            let attributes = tables.attribute_ids(numbers)?;
            tables.resources.push(builder.add_resource(attributes));
        }
        for _ in 0..numbers.index()? {
            let (name, version) = (numbers.entry(&strings)?, numbers.entry(&strings)?);
            tables.scopes.push(builder.add_scope(name, version));
        }
        Ok(tables)
    }

    fn attribute_ids(&self, numbers: &mut Numbers<'_>) -> io::Result<Vec<AttributeId>> {
        (0..numbers.index()?).map(|_| numbers.entry(&self.attributes)).collect()
    }
}

fn value(numbers: &mut Numbers<'_>, texts: &[Text]) -> io::Result<Value> {
    let [kind] = numbers.array()?;
    Ok(match kind {
        0 => Value::Empty,
        1 => Value::Text(numbers.entry(texts)?),
        #[allow(clippy::cast_possible_wrap)]
        2 => Value::Int(numbers.after(0)? as i64),
        3 => Value::Double(u64::from_le_bytes(numbers.array()?)),
        4 | 5 => Value::Bool(kind == 5),
        6 => Value::Json(numbers.entry(texts)?),
        7 => Value::Bytes(numbers.entry(texts)?),
        _ => return Err(damaged()),
    })
}

/// The columns of a block, each read from its begin.
struct Columns<'a> {
    trace_ids: Numbers<'a>,
    span_ids: Numbers<'a>,
    parents: Numbers<'a>,
    starts: Numbers<'a>,
    ends: Numbers<'a>,
    kinds: Numbers<'a>,
    statuses: Numbers<'a>,
    flags: Numbers<'a>,
    names: Numbers<'a>,
    messages: Numbers<'a>,
    trace_states: Numbers<'a>,
    resources: Numbers<'a>,
    scopes: Numbers<'a>,
    attributes: Numbers<'a>,
    events: Numbers<'a>,
    links: Numbers<'a>,
}

impl<'a> Columns<'a> {
    fn read(numbers: &mut Numbers<'a>) -> io::Result<Self> {
        let mut section = || {
            let length = numbers.index()?;
            numbers.bytes(length).map(Numbers::new)
        };
        // The fields are initialised in the order in which they are written here.
        Ok(Self {
            trace_ids: section()?,
            span_ids: section()?,
            parents: section()?,
            starts: section()?,
            ends: section()?,
            kinds: section()?,
            statuses: section()?,
            flags: section()?,
            names: section()?,
            messages: section()?,
            trace_states: section()?,
            resources: section()?,
            scopes: section()?,
            attributes: section()?,
            events: section()?,
            links: section()?,
        })
    }

    #[allow(clippy::cast_possible_truncation)]
    fn row(&mut self, trace_id: u128, start: u64, tables: &Tables) -> io::Result<Row> {
        let [kind] = self.kinds.array()?;
        let [status] = self.statuses.array()?;
        Ok(Row {
            trace_id,
            span_id: u64::from_le_bytes(self.span_ids.array()?),
            parent: u64::from_le_bytes(self.parents.array()?),
            start,
            end: self.ends.after(start)?,
            name: self.names.entry(&tables.texts)?,
            kind: Kind::from_otlp(kind.into()),
            status: Status::from_otlp(status.into()),
            message: self.messages.entry(&tables.texts)?,
            trace_state: self.trace_states.entry(&tables.texts)?,
            flags: self.flags.next()? as u32,
            resource: self.resources.entry(&tables.resources)?,
            scope: self.scopes.entry(&tables.scopes)?,
        })
    }

    /// Adds the attributes, events and links of the next span.
    fn lists(&mut self, start: u64, tables: &Tables, builder: &mut Builder) -> io::Result<()> {
        for _ in 0..self.attributes.index()? {
            builder.span_attribute(self.attributes.entry(&tables.attributes)?);
        }
        for _ in 0..self.events.index()? {
            let time = self.events.after(start)?;
            let name = self.events.entry(&tables.texts)?;
            let attributes = tables.attribute_ids(&mut self.events)?;
            builder.event(time, name, &attributes);
        }
        for _ in 0..self.links.index()? {
            let trace_id = u128::from_le_bytes(self.links.array()?);
            let span_id = u64::from_le_bytes(self.links.array()?);
            let [follows_from] = self.links.array()?;
            let attributes = tables.attribute_ids(&mut self.links)?;
            builder.link(trace_id, span_id, follows_from != 0, &attributes);
        }
        Ok(())
    }
}
