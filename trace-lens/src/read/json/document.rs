//! A JSON document of any tool: OTLP, Tempo, Jaeger, Zipkin, or one flat span.

use serde::de::{DeserializeSeed, Deserializer, MapAccess};

use super::attributes::AttributesSeed;
use super::resource_spans::ResourceSpans;
use super::scalar::Scalar;
use super::span::{Processes, SpanObject, SpanState};
use super::walk::{Each, Object, skip};
use crate::model::AttributeId;
use crate::read::sink::Sink;

/// Reads one document, or each document of a list, into a sink.
///
/// The fields of a document determine its kind, because the field names of different tools do not clash.
pub(crate) struct DocumentSeed<'s>(pub(crate) &'s mut Sink);

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let mut document = Document::new(self.0);
        deserializer.deserialize_any(Each(&mut document))
    }
}

/// The length of the names in a message, about.
const NAMES: usize = 60;

/// One document.
struct Document<'s> {
    sink: &'s mut Sink,
    processes: Processes,
    /// The span that the object is itself, if it is one.
    span: SpanState,
    is_known: bool,
    /// The first names of fields, to say what a document that is not known has.
    names: String,
}

impl<'s> Document<'s> {
    fn new(sink: &'s mut Sink) -> Self {
        Self {
            sink,
            processes: Processes::new(),
            span: SpanState::default(),
            is_known: false,
            names: String::new(),
        }
    }

    fn flat_span(&mut self) -> SpanObject<'_> {
        let Self { sink, processes, span, .. } = self;
        SpanObject { sink, processes, state: span, resource: None, scope: 0 }
    }
}

impl<'de> Object<'de> for Document<'_> {
    fn begin(&mut self) {
        self.sink.builder.discard_open();
        self.processes.clear();
        self.span.clear();
        self.is_known = false;
        self.names.clear();
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "resourceSpans" | "resource_spans" | "batches" | "ResourceSpans" => {
                self.is_known = true;
                map.next_value_seed(Each(&mut ResourceSpans::new(self.sink)))
            }
            "resourceLogs" | "resourceMetrics" | "resource_logs" | "resource_metrics"
            | "resourceProfiles" => {
                self.is_known = true;
                self.sink.other_signals += 1;
                skip(map)
            }
            // Elasticsearch has documents in `hits.hits[]._source`.
            "data" | "trace" | "traces" | "result" | "results" | "response" | "hits" | "_source" => {
                self.is_known = true;
                map.next_value_seed(DocumentSeed(self.sink))
            }
            "spans" => {
                self.is_known = true;
                let (processes, state) = (&mut self.processes, &mut SpanState::default());
                let mut spans = SpanObject { sink: self.sink, processes, state, resource: None, scope: 0 };
                map.next_value_seed(Each(&mut spans))
            }
            "processes" => {
                let mut processes = ProcessMap { sink: self.sink, processes: &mut self.processes };
                map.next_value_seed(Each(&mut processes))
            }
            _ => {
                if !self.span.has_id() && self.names.len() < NAMES {
                    self.names.push_str(if self.names.is_empty() { "" } else { ", " });
                    self.names.extend(key.chars().take(NAMES));
                }
                self.flat_span().field(key, map)
            }
        }
    }

    fn end(&mut self) {
        let is_empty = self.names.is_empty() && !self.span.has_id();
        if self.is_known || is_empty {
            // An empty object is an empty export.
            self.sink.builder.discard_open();
        } else if self.span.has_id() {
            // With one id of two it is counted as a record that could not be read.
            self.flat_span().end();
        } else {
            self.sink.builder.discard_open();
            self.sink
                .skip(format!("neither a span nor a document with spans; it has the fields {}", self.names));
        }
        // Nothing of this document refers to the builder any more, and that of one around it only if it is malformed.
        self.processes.clear();
        self.span.clear();
        self.sink.relieve();
    }
}

/// The processes of a Jaeger trace, by process id.
struct ProcessMap<'s> {
    sink: &'s mut Sink,
    processes: &'s mut Processes,
}

impl<'de> Object<'de> for ProcessMap<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let mut process = Process { sink: self.sink, attributes: Vec::new() };
        map.next_value_seed(Each(&mut process))?;
        let attributes = process.attributes;
        let resource = match self.processes.get(key) {
            Some(&known) => known,
            None => self.sink.builder.open_resource(),
        };
        self.processes.insert(key.to_owned(), resource);
        self.sink.builder.fill_resource(resource, attributes);
        Ok(())
    }
}

/// `{"serviceName": "…", "tags": […]}`.
struct Process<'s> {
    sink: &'s mut Sink,
    attributes: Vec<AttributeId>,
}

impl<'de> Object<'de> for Process<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let builder = &mut self.sink.builder;
        match key {
            "serviceName" | "service_name" => {
                let name = map.next_value::<Scalar<'de>>()?.into_text();
                self.attributes.push(builder.text_attribute("service.name", &name));
                Ok(())
            }
            "tags" | "tag" => map.next_value_seed(AttributesSeed { builder, into: &mut self.attributes }),
            _ => skip(map),
        }
    }
}
