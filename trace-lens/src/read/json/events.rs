//! Events of a span in JSON: OTLP's events and Jaeger's logs.

use serde::de::MapAccess;

use super::attributes::AttributesSeed;
use super::scalar::{MOST_MICROS, Scalar, saturate};
use super::walk::{Object, skip};
use crate::model::{AttributeId, Builder, Text};
use crate::read::time;

/// Reads events into a builder.
pub(crate) struct Events<'s> {
    builder: &'s mut Builder,
    is_jaeger: bool,
    time: u64,
    name: Text,
    attributes: Vec<AttributeId>,
}

impl<'s> Events<'s> {
    /// `list` is the name of the list that the events are in.
    pub(crate) fn new(builder: &'s mut Builder, list: &str) -> Self {
        Self { builder, is_jaeger: list == "logs", time: 0, name: Text::EMPTY, attributes: Vec::new() }
    }
}

impl<'de> Object<'de> for Events<'_> {
    fn begin(&mut self) {
        self.time = 0;
        self.name = Text::EMPTY;
        self.attributes.clear();
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "timeUnixNano" | "time_unix_nano" => self.time = map.next_value::<Scalar<'de>>()?.unsigned(),
            "timestamp" | "Time" => {
                let value = map.next_value::<Scalar<'de>>()?;
                let text = if let Scalar::Text(text) = &value { time::rfc3339(text) } else { None };
                let number = value.int().unwrap_or(0);
                let scale = if number < MOST_MICROS { 1_000 } else { 1 };
                let micros = || saturate(number.saturating_mul(scale));
                self.time = text.unwrap_or_else(micros);
            }
            "name" | "Name" => {
                let name = map.next_value::<Scalar<'de>>()?.into_text();
                self.name = self.builder.text(&name);
            }
            "attributes" | "fields" | "Attributes" => {
                let seed = AttributesSeed { builder: self.builder, into: &mut self.attributes };
                map.next_value_seed(seed)?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.is_jaeger && self.name.is_empty() {
            // Jaeger has the name of an event among its fields.
            self.name = self.builder.find(&self.attributes, "event");
            let builder = &*self.builder;
            self.attributes.retain(|&id| builder.read_attribute(id).0 != "event");
        }
        self.builder.event(self.time, self.name, &self.attributes);
    }
}
