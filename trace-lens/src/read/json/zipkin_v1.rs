//! Annotations of Zipkin v1, which say where a span was and when, and those of Zipkin v2, which are events.

use serde::de::MapAccess;

use super::nested::Endpoint;
use super::scalar::{Scalar, saturate};
use super::walk::{Each, Object, skip};
use crate::model::{AttributeId, Kind, Row};
use crate::read::sink::Sink;

/// One side of a call.
#[derive(Debug, Default)]
pub(crate) struct Side {
    pub(crate) kind: Kind,
    start: Option<i128>,
    end: Option<i128>,
    pub(crate) endpoint: Vec<AttributeId>,
}

/// The sides of the call that a span is, both in one span if they have the same clock.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    caller: Side,
    callee: Side,
    /// Any other annotation, which has no times.
    other: Side,
}

impl Sides {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Notes an annotation, and returns whether it is one that says when a side began or ended.
    fn note(&mut self, value: &str, nanos: i128, endpoint: &[AttributeId]) -> bool {
        let (side, kind) = match value {
            "cs" | "cr" => (&mut self.caller, Kind::Client),
            "sr" | "ss" => (&mut self.callee, Kind::Server),
            "ms" => (&mut self.caller, Kind::Producer),
            "mr" => (&mut self.callee, Kind::Consumer),
            _ => {
                self.other.endpoint = endpoint.to_vec();
                return false;
            }
        };
        side.kind = kind;
        side.endpoint = endpoint.to_vec();
        if matches!(value, "cs" | "sr" | "ms" | "mr") {
            side.start = Some(nanos)
        } else {
            side.end = Some(nanos)
        }
        true
    }

    /// Returns the side that the span is, or what any annotation says; `None` if none does.
    pub(crate) fn first(&self) -> Option<&Side> {
        let side = [&self.caller, &self.callee].into_iter().find(|it| it.kind != Kind::Unspecified);
        side.or(Some(&self.other).filter(|it| !it.endpoint.is_empty()))
    }

    /// Adds the span of the callee if `row` is that of the caller and both are in one span.
    pub(crate) fn add_callee(&self, row: &Row, sink: &mut Sink) {
        if self.caller.kind == Kind::Unspecified || self.callee.kind == Kind::Unspecified {
            return;
        }
        let start = saturate(self.callee.time().unwrap_or(i128::from(row.start)));
        let end = start.saturating_add(saturate(self.callee.duration().unwrap_or(0)));
        let resource = sink.builder.add_resource(self.callee.endpoint.clone());
        sink.span(&Row { kind: self.callee.kind, start, end, resource, ..*row });
    }
}

impl Side {
    /// Returns the nanoseconds at which the side began, or else ended.
    pub(crate) fn time(&self) -> Option<i128> {
        self.start.or(self.end)
    }

    pub(crate) fn duration(&self) -> Option<i128> {
        Some(self.end?.saturating_sub(self.start?))
    }
}

/// Reads `annotations` into a builder.
pub(crate) struct Annotations<'s> {
    sink: &'s mut Sink,
    sides: &'s mut Sides,
    nanos: i128,
    value: String,
    endpoint: Vec<AttributeId>,
}

impl<'s> Annotations<'s> {
    pub(crate) fn new(sink: &'s mut Sink, sides: &'s mut Sides) -> Self {
        Self { sink, sides, nanos: 0, value: String::new(), endpoint: Vec::new() }
    }
}

impl<'de> Object<'de> for Annotations<'_> {
    fn begin(&mut self) {
        (self.nanos, self.value) = (0, String::new());
        self.endpoint.clear();
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "timestamp" => {
                self.nanos = map.next_value::<Scalar<'de>>()?.int().unwrap_or(0).saturating_mul(1_000);
            }
            "value" => self.value = map.next_value::<Scalar<'de>>()?.into_text().into_owned(),
            "endpoint" => {
                let (sink, into, is_local) = (&mut *self.sink, &mut self.endpoint, true);
                map.next_value_seed(Each(&mut Endpoint { sink, into, is_local }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        // Only v1 says where an annotation was made.
        if !self.endpoint.is_empty() && self.sides.note(&self.value, self.nanos, &self.endpoint) {
            return;
        }
        let name = self.sink.builder.text(&self.value);
        self.sink.builder.event(saturate(self.nanos), name, &[]);
    }
}

/// Reads `binaryAnnotations` of v1: attributes, and the addresses of the other side.
pub(crate) struct BinaryAnnotations<'s> {
    sink: &'s mut Sink,
    sides: &'s mut Sides,
    attributes: &'s mut Vec<AttributeId>,
    key: String,
    value: String,
    endpoint: Vec<AttributeId>,
    peer: Vec<AttributeId>,
}

impl<'s> BinaryAnnotations<'s> {
    pub(crate) fn new(
        sink: &'s mut Sink,
        sides: &'s mut Sides,
        attributes: &'s mut Vec<AttributeId>,
    ) -> Self {
        let (key, value) = (String::new(), String::new());
        Self { sink, sides, attributes, key, value, endpoint: Vec::new(), peer: Vec::new() }
    }
}

impl<'de> Object<'de> for BinaryAnnotations<'_> {
    fn begin(&mut self) {
        self.key.clear();
        self.value.clear();
        self.endpoint.clear();
        self.peer.clear();
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "key" => self.key = map.next_value::<Scalar<'de>>()?.into_text().into_owned(),
            "value" => self.value = map.next_value::<Scalar<'de>>()?.into_text().into_owned(),
            // Whose endpoint it is depends on the key, which may come later.
            "endpoint" => {
                let mut both = Both { sink: self.sink, local: &mut self.endpoint, peer: &mut self.peer };
                map.next_value_seed(Each(&mut both))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        match &*self.key {
            "sa" | "ma" => self.attributes.append(&mut self.peer),
            "ca" => {}
            key => {
                if self.sides.other.endpoint.is_empty() {
                    self.sides.other.endpoint.clone_from(&self.endpoint);
                }
                self.attributes.push(self.sink.builder.text_attribute(key, &self.value));
            }
        }
    }
}

/// Reads an endpoint as that of the span and as that of its peer.
struct Both<'s> {
    sink: &'s mut Sink,
    local: &'s mut Vec<AttributeId>,
    peer: &'s mut Vec<AttributeId>,
}

impl<'de> Object<'de> for Both<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let builder = &mut self.sink.builder;
        let value = map.next_value::<Scalar<'de>>()?.into_text();
        if value.is_empty() {
            return Ok(());
        }
        match key {
            "serviceName" => {
                self.local.push(builder.text_attribute("service.name", &value));
                self.peer.push(builder.text_attribute("peer.service", &value));
            }
            "ipv4" | "ipv6" => {
                self.local.push(builder.text_attribute("host.ip", &value));
                self.peer.push(builder.text_attribute("network.peer.address", &value));
            }
            _ => {}
        }
        Ok(())
    }
}
