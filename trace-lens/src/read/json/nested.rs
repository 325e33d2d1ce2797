//! Objects within a span: its context, its status, and where it was recorded.

use serde::de::MapAccess;

use super::attributes::AttributesSeed;
use super::scalar::Scalar;
use super::walk::{Object, skip};
use crate::model::{AttributeId, Row, Status};
use crate::read::id;
use crate::read::sink::Sink;

/// `{"trace_id": "…", "span_id": "…"}`, in the output of console exporters.
pub(super) struct Context<'s> {
    pub(super) row: &'s mut Row,
}

impl<'de> Object<'de> for Context<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "trace_id" | "traceId" | "TraceID" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                self.row.trace_id = id::trace_id(&text).unwrap_or(0);
            }
            "span_id" | "spanId" | "SpanID" => {
                let text = map.next_value::<Scalar<'de>>()?.into_text();
                self.row.span_id = id::span_id(&text).unwrap_or(0);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `{"code": 2, "message": "…"}`.
pub(super) struct StatusObject<'s> {
    pub(super) sink: &'s mut Sink,
    pub(super) row: &'s mut Row,
}

impl<'de> Object<'de> for StatusObject<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "code" | "Code" | "status_code" => {
                self.row.status = match map.next_value::<Scalar<'de>>()? {
                    Scalar::Text(name) => Status::from_name(&name),
                    number => Status::from_otlp(number.unsigned()),
                };
            }
            "message" | "Description" | "description" => {
                let message = map.next_value::<Scalar<'de>>()?.into_text();
                self.row.message = self.sink.builder.text(&message);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `{"serviceName": "…", "ipv4": "…", "tags": […]}`.
pub(super) struct Endpoint<'s> {
    pub(super) sink: &'s mut Sink,
    pub(super) into: &'s mut Vec<AttributeId>,
    pub(super) is_local: bool,
}

impl<'de> Object<'de> for Endpoint<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let builder = &mut self.sink.builder;
        let name = match (key, self.is_local) {
            ("serviceName" | "service_name", true) => "service.name",
            ("serviceName" | "service_name", false) => "peer.service",
            ("ipv4" | "ipv6", true) => "host.ip",
            ("ipv4" | "ipv6", false) => "network.peer.address",
            ("port", false) => "network.peer.port",
            ("tags" | "attributes" | "Attributes", true) => {
                return map.next_value_seed(AttributesSeed { builder, into: self.into });
            }
            _ => return skip(map),
        };
        match map.next_value::<Scalar<'de>>()? {
            Scalar::Null => {}
            Scalar::Unsigned(port) => {
                let port = i64::try_from(port).unwrap_or(i64::MAX);
                self.into.push(builder.attribute(name, crate::model::Value::Int(port)));
            }
            text => self.into.push(builder.text_attribute(name, &text.into_text())),
        }
        Ok(())
    }
}
