//! The values of a row group, column by column.

use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};

use crate::model::{Attribute, Kind, SpanRef, SpanSet, Status, Texts};

/// The values of one column, and their levels if it is repeated.
///
/// Repetition levels say at which list a value continues, definition levels how deep it is defined. Source: "Dremel:
/// Interactive Analysis of Web-Scale Datasets", section 4.1.
#[derive(Debug, Default)]
struct Column<T> {
    values: Vec<T>,
    repetition: Vec<i16>,
    definition: Vec<i16>,
}

impl<T> Column<T> {
    fn one(&mut self, value: T) {
        self.values.push(value);
    }

    fn level(&mut self, repetition: i16, definition: i16) {
        self.repetition.push(repetition);
        self.definition.push(definition);
    }

    /// Appends a list.
    fn list(&mut self, values: impl Iterator<Item = T>) {
        let before = self.values.len();
        for value in values {
            self.level(i16::from(self.values.len() > before), 1);
            self.values.push(value);
        }
        if self.values.len() == before {
            self.level(0, 0);
        }
    }

    /// Appends a list of lists.
    fn lists(&mut self, lists: impl Iterator<Item = Vec<T>>) {
        let mut is_first_list = true;
        for list in lists {
            let mut repetition = i16::from(!std::mem::take(&mut is_first_list));
            if list.is_empty() {
                self.level(repetition, 1);
            }
            for value in list {
                self.level(repetition, 2);
                self.values.push(value);
                repetition = 2;
            }
        }
        if is_first_list {
            self.level(0, 0);
        }
    }
}

type Numbers = Column<i64>;
type Strings = Column<ByteArray>;

/// Keys and values of a map.
#[derive(Debug, Default)]
struct Maps {
    keys: Strings,
    values: Strings,
}

impl Maps {
    fn map(&mut self, entries: &[(String, String)]) {
        self.keys.list(entries.iter().map(|it| text(&it.0)));
        self.values.list(entries.iter().map(|it| text(&it.1)));
    }

    fn maps(&mut self, maps: &[Vec<(String, String)>]) {
        self.keys.lists(maps.iter().map(|map| map.iter().map(|it| text(&it.0)).collect()));
        self.values.lists(maps.iter().map(|map| map.iter().map(|it| text(&it.1)).collect()));
    }
}

fn text(text: &str) -> ByteArray {
    text.as_bytes().to_vec().into()
}

/// The columns of some spans, in the order of the schema.
#[derive(Debug, Default)]
pub(super) struct Columns {
    rows: usize,
    timestamp: Numbers,
    /// Trace, span and parent id, trace state, name, kind, service.
    ids: [Strings; 7],
    resource: Maps,
    scope: [Strings; 2],
    attributes: Maps,
    duration: Numbers,
    status: [Strings; 2],
    event_times: Numbers,
    event_names: Strings,
    event_attributes: Maps,
    /// Trace and span id, trace state.
    links: [Strings; 3],
    link_attributes: Maps,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn add(&mut self, span: SpanRef<'_>) {
        let texts = span.set().texts();
        self.rows += 1;
        self.timestamp.one(signed(span.start()));
        let (trace_id, span_id) = (format!("{:032x}", span.trace_id()), format!("{:016x}", span.id()));
        let parent = span.parent_id().map_or(String::new(), |id| format!("{id:016x}"));
        let ids = [
            &*trace_id,
            &span_id,
            &parent,
            span.trace_state(),
            span.name(),
            kind(span.kind()),
            span.service(),
        ];
        put(&mut self.ids, ids);
        self.resource.map(&resource(span));
        let scope = span.scope();
        put(&mut self.scope, [texts.get(scope.name), texts.get(scope.version)]);
        self.attributes.map(&pairs(span.attributes(), texts));
        self.duration.one(signed(span.duration()));
        put(&mut self.status, [status(span.status()), span.message()]);
        self.events(span);
        self.links(span);
    }

    fn events(&mut self, span: SpanRef<'_>) {
        let texts = span.set().texts();
        let events = span.events();
        self.event_times.list(events.iter().map(|it| signed(it.time)));
        self.event_names.list(events.iter().map(|it| text(texts.get(it.name))));
        let attributes: Vec<_> = events.iter().map(|it| pairs(span.event_attributes(it), texts)).collect();
        self.event_attributes.maps(&attributes);
    }

    fn links(&mut self, span: SpanRef<'_>) {
        const KEY: &str = "opentracing.ref_type";
        let links = span.links();
        let [trace_ids, span_ids, states] = &mut self.links;
        trace_ids.list(links.iter().map(|it| text(&format!("{:032x}", it.trace_id))));
        span_ids.list(links.iter().map(|it| text(&format!("{:016x}", it.span_id))));
        states.list(links.iter().map(|_| text("")));
        let attributes = links.iter().map(|link| {
            let mut pairs = pairs(span.link_attributes(link), span.set().texts());
            if link.is_follows_from && pairs.iter().all(|it| it.0 != KEY) {
                pairs.push((KEY.to_owned(), "follows_from".to_owned()));
            }
            pairs
        });
        self.link_attributes.maps(&attributes.collect::<Vec<_>>());
    }

    /// Calls `write` with each column.
    pub(super) fn write(
        &self,
        mut write: impl FnMut(&dyn Fn(&mut ColumnWriter<'_>) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        let mut numbers = |it: &Numbers| write(&|writer| write_numbers(it, writer));
        numbers(&self.timestamp)?;
        let mut strings = |it: &Strings| write(&|writer| write_strings(it, writer));
        self.ids.iter().try_for_each(&mut strings)?;
        [&self.resource.keys, &self.resource.values].into_iter().try_for_each(&mut strings)?;
        self.scope.iter().try_for_each(&mut strings)?;
        [&self.attributes.keys, &self.attributes.values].into_iter().try_for_each(&mut strings)?;
        write(&|writer| write_numbers(&self.duration, writer))?;
        let mut strings = |it: &Strings| write(&|writer| write_strings(it, writer));
        self.status.iter().try_for_each(&mut strings)?;
        write(&|writer| write_numbers(&self.event_times, writer))?;
        let mut strings = |it: &Strings| write(&|writer| write_strings(it, writer));
        strings(&self.event_names)?;
        [&self.event_attributes.keys, &self.event_attributes.values]
            .into_iter()
            .try_for_each(&mut strings)?;
        self.links.iter().try_for_each(&mut strings)?;
        [&self.link_attributes.keys, &self.link_attributes.values].into_iter().try_for_each(&mut strings)
    }
}

fn write_numbers(column: &Numbers, writer: &mut ColumnWriter<'_>) -> Result<()> {
    let ColumnWriter::Int64ColumnWriter(writer) = writer else { return Err(wrong_type()) };
    let (definition, repetition) = levels(column);
    writer.write_batch(&column.values, definition, repetition).map(|_| ())
}

fn write_strings(column: &Strings, writer: &mut ColumnWriter<'_>) -> Result<()> {
    let ColumnWriter::ByteArrayColumnWriter(writer) = writer else { return Err(wrong_type()) };
    let (definition, repetition) = levels(column);
    writer.write_batch(&column.values, definition, repetition).map(|_| ())
}

fn levels<T>(column: &Column<T>) -> (Option<&[i16]>, Option<&[i16]>) {
    if column.definition.is_empty() {
        (None, None)
    } else {
        (Some(&column.definition), Some(&column.repetition))
    }
}

fn wrong_type() -> ParquetError {
    ParquetError::General("a column has another type than the schema says".to_owned())
}

fn put<const N: usize>(columns: &mut [Strings; N], values: [&str; N]) {
    for (column, value) in columns.iter_mut().zip(values) {
        column.one(text(value));
    }
}

/// Parquet's timestamps and integers are signed.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn pairs(attributes: impl Iterator<Item = Attribute>, texts: &Texts) -> Vec<(String, String)> {
    attributes.map(|it| (texts.get(it.key).to_owned(), it.value.display(texts).into_owned())).collect()
}

fn resource(span: SpanRef<'_>) -> Vec<(String, String)> {
    let set: &SpanSet = span.set();
    let ids = span.resource().map(|it| it.attributes.as_slice()).unwrap_or_default();
    pairs(ids.iter().map(|&id| set.attributes().get(id)), set.texts())
}

/// The spelling of the ClickHouse exporter.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "Unspecified",
        Kind::Internal => "Internal",
        Kind::Server => "Server",
        Kind::Client => "Client",
        Kind::Producer => "Producer",
        Kind::Consumer => "Consumer",
    }
}

/// The spelling of the ClickHouse exporter.
fn status(status: Status) -> &'static str {
    match status {
        Status::Unset => "Unset",
        Status::Ok => "Ok",
        Status::Error => "Error",
    }
}
