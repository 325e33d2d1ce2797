//! Links of OTLP, and the references of Jaeger, which are parents as well as links.

use serde::de::MapAccess;

use super::attributes::AttributesSeed;
use super::scalar::Scalar;
use super::walk::{Object, skip};
use crate::model::{AttributeId, Builder};
use crate::read::id;

/// The kind of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Link,
    /// A link that says that the span follows from the linked one.
    FollowsFromLink,
    ChildOf,
    FollowsFrom,
}

/// A link or reference of the span being read.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    trace_id: u128,
    span_id: u64,
    role: Role,
    attributes: Vec<AttributeId>,
}

impl Reference {
    /// Makes the reference the parent, if it is one and there is none yet; otherwise a link.
    pub(crate) fn settle(&self, builder: &mut Builder, trace_id: u128, parent: &mut u64) {
        let is_here = self.trace_id == trace_id || self.trace_id == 0;
        if matches!(self.role, Role::ChildOf | Role::FollowsFrom) && is_here && *parent == 0 {
            *parent = self.span_id;
            if self.role == Role::ChildOf {
                return;
            }
        }
        let linked = if self.trace_id == 0 { trace_id } else { self.trace_id };
        let follows = matches!(self.role, Role::FollowsFrom | Role::FollowsFromLink);
        builder.link(linked, self.span_id, follows, &self.attributes);
    }
}

/// Reads a list of links or references.
pub(crate) struct References<'s> {
    builder: &'s mut Builder,
    into: &'s mut Vec<Reference>,
    current: Reference,
    is_reference: bool,
}

impl<'s> References<'s> {
    pub(crate) fn new(builder: &'s mut Builder, into: &'s mut Vec<Reference>, is_reference: bool) -> Self {
        let role = if is_reference { Role::ChildOf } else { Role::Link };
        let current = Reference { trace_id: 0, span_id: 0, role, attributes: Vec::new() };
        Self { builder, into, current, is_reference }
    }
}

impl<'de> Object<'de> for References<'_> {
    fn begin(&mut self) {
        let role = if self.is_reference { Role::ChildOf } else { Role::Link };
        self.current = Reference { trace_id: 0, span_id: 0, role, attributes: Vec::new() };
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "traceId" | "traceID" | "trace_id" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                self.current.trace_id = id::trace_id(&text).unwrap_or(0);
            }
            "spanId" | "spanID" | "span_id" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                self.current.span_id = id::span_id(&text).unwrap_or(0);
            }
            "refType" | "ref_type" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                let follows = text.eq_ignore_ascii_case("FOLLOWS_FROM") || text == "1";
                self.current.role = if follows { Role::FollowsFrom } else { Role::ChildOf };
            }
            "attributes" => {
                let seed = AttributesSeed { builder: self.builder, into: &mut self.current.attributes };
                map.next_value_seed(seed)?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.current.span_id == 0 {
            return;
        }
        let builder = &*self.builder;
        let follows = self.current.attributes.iter().any(|&id| {
            let (key, value) = builder.read_attribute(id);
            key == "opentracing.ref_type" && value == "follows_from"
        });
        if follows && self.current.role == Role::Link {
            self.current.role = Role::FollowsFromLink;
        }
        self.into.push(self.current.clone());
    }
}
