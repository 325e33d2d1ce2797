//! OTLP's `resourceSpans` and `scopeSpans`.

use serde::de::MapAccess;

use super::attributes::AttributesSeed;
use super::scalar::Scalar;
use super::span::{Processes, SpanObject, SpanState};
use super::walk::{Each, Object, skip};
use crate::model::AttributeId;
use crate::read::sink::Sink;

/// Reads `resourceSpans` into a sink.
pub(crate) struct ResourceSpans<'s> {
    sink: &'s mut Sink,
    resource: Option<u32>,
    state: SpanState,
}

impl<'s> ResourceSpans<'s> {
    pub(crate) fn new(sink: &'s mut Sink) -> Self {
        Self { sink, resource: None, state: SpanState::default() }
    }
}

impl<'de> Object<'de> for ResourceSpans<'_> {
    fn begin(&mut self) {
        self.resource = None;
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "resource" | "Resource" => {
                let mut resource = Resource { sink: self.sink, attributes: Vec::new() };
                map.next_value_seed(Each(&mut resource))?;
                let attributes = resource.attributes;
                match self.resource {
                    // The spans came first.
                    Some(open) => self.sink.builder.fill_resource(open, attributes),
                    None => self.resource = Some(self.sink.builder.add_resource(attributes)),
                }
            }
            "scopeSpans"
            | "scope_spans"
            | "instrumentationLibrarySpans"
            | "instrumentation_library_spans"
            | "ilSpans" => {
                let open = || self.sink.builder.open_resource();
                let resource = self.resource.unwrap_or_else(open);
                self.resource = Some(resource);
                let (sink, state) = (&mut *self.sink, &mut self.state);
                map.next_value_seed(Each(&mut ScopeSpans { sink, resource, scope: 0, state }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        self.resource = None;
        self.state.clear();
        self.sink.relieve();
    }
}

/// Reads `scopeSpans` into a sink.
struct ScopeSpans<'s> {
    sink: &'s mut Sink,
    resource: u32,
    scope: u32,
    state: &'s mut SpanState,
}

impl<'de> Object<'de> for ScopeSpans<'_> {
    fn begin(&mut self) {
        self.scope = 0;
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "scope" | "instrumentationLibrary" | "instrumentation_library" => {
                let mut scope = Scope::default();
                map.next_value_seed(Each(&mut scope))?;
                self.scope = self.sink.builder.add_scope(&scope.name, &scope.version);
            }
            "spans" => {
                let (processes, resource) = (&mut Processes::new(), Some(self.resource));
                let (sink, state, scope) = (&mut *self.sink, &mut *self.state, self.scope);
                map.next_value_seed(Each(&mut SpanObject { sink, processes, state, resource, scope }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `{"attributes": […]}`.
struct Resource<'s> {
    sink: &'s mut Sink,
    attributes: Vec<AttributeId>,
}

impl<'de> Object<'de> for Resource<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "attributes" => {
                let (builder, into) = (&mut self.sink.builder, &mut self.attributes);
                map.next_value_seed(AttributesSeed { builder, into })
            }
            _ => skip(map),
        }
    }
}

/// `{"name": "…", "version": "…"}`.
#[derive(Default)]
struct Scope {
    name: String,
    version: String,
}

impl<'de> Object<'de> for Scope {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = map.next_value::<Scalar<'de>>()?.into_text().into_owned(),
            "version" => self.version = map.next_value::<Scalar<'de>>()?.into_text().into_owned(),
            _ => skip(map)?,
        }
        Ok(())
    }
}
