//! Attributes in JSON: lists of OTLP or Jaeger, and maps of Zipkin.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::scalar::Scalar;
use super::walk::{Each, Key, Object, skip};
use crate::model::{AttributeId, Builder, Value};

/// Reads attributes from a list of `{key, value}` or from a map, and appends them to `into`.
pub(crate) struct AttributesSeed<'s> {
    pub(crate) builder: &'s mut Builder,
    pub(crate) into: &'s mut Vec<AttributeId>,
}

impl<'de> DeserializeSeed<'de> for AttributesSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AttributesSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("attributes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut pair = Pair {
            builder: self.builder,
            into: self.into,
            key: String::new(),
            kind: String::new(),
            value: Value::Empty,
        };
        while seq.next_element_seed(Each(&mut pair))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let value = map.next_value_seed(ValueSeed(self.builder))?;
            self.into.push(self.builder.attribute(&key.0, value));
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

/// One `{key, value}`, with the type that Jaeger adds.
struct Pair<'s> {
    builder: &'s mut Builder,
    into: &'s mut Vec<AttributeId>,
    key: String,
    kind: String,
    value: Value,
}

impl<'de> Object<'de> for Pair<'_> {
    fn begin(&mut self) {
        self.key.clear();
        self.kind.clear();
        self.value = Value::Empty;
    }

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "key" | "Key" => self.key.push_str(&map.next_value::<Key<'de>>()?.0),
            "value" | "Value" | "vStr" | "vBool" | "vInt64" | "vFloat64" | "vBinary" => {
                self.value = map.next_value_seed(ValueSeed(self.builder))?;
                // Jaeger's protobuf JSON has the type in the name.
                match key {
                    "vInt64" => self.kind.push_str("int64"),
                    "vFloat64" => self.kind.push_str("float64"),
                    "vBool" => self.kind.push_str("bool"),
                    "vBinary" => self.kind.push_str("binary"),
                    _ => {}
                }
            }
            "type" => self.kind.push_str(&map.next_value::<Scalar<'de>>()?.into_text()),
            _ => skip(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.key.is_empty() {
            return;
        }
        let value = self.typed();
        self.into.push(self.builder.attribute(&self.key, value));
    }
}

impl Pair<'_> {
    /// Jaeger may write a number as a string beside its type.
    fn typed(&self) -> Value {
        let Value::Text(text) = self.value else { return self.value };
        let read = self.builder.read_text(text);
        match self.kind.as_str() {
            "int64" => read.parse().map_or(self.value, Value::Int),
            "float64" => read.parse::<f64>().map_or(self.value, |it| Value::Double(it.to_bits())),
            "bool" => Value::Bool(read.eq_ignore_ascii_case("true")),
            "binary" => Value::Bytes(text),
            _ => self.value,
        }
    }
}

/// Reads a value: a plain one, or OTLP's `{"stringValue": …}`.
pub(crate) struct ValueSeed<'s>(pub(crate) &'s mut Builder);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of an attribute")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Double((value as f64).to_bits()), Value::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Double(value.to_bits()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(self.0.text(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Empty)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Json>()? {
            items.push(item);
        }
        Ok(Value::Json(self.0.text(&Json::Array(items).to_string())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Some(first) = map.next_key::<Key<'de>>()? else { return Ok(Value::Empty) };
        let value = match &*first.0 {
            "stringValue" | "string_value" => {
                Value::Text(self.0.text(&map.next_value::<Scalar<'de>>()?.into_text()))
            }
            "intValue" | "int_value" => int(&map.next_value()?),
            "doubleValue" | "double_value" => map
                .next_value::<Scalar<'de>>()?
                .double()
                .map_or(Value::Empty, |it| Value::Double(it.to_bits())),
            "boolValue" | "bool_value" => Value::Bool(map.next_value::<Scalar<'de>>()?.is_true()),
            "bytesValue" | "bytes_value" => {
                Value::Bytes(self.0.text(&map.next_value::<Scalar<'de>>()?.into_text()))
            }
            "arrayValue" | "array_value" | "kvlistValue" | "kvlist_value" => {
                let value = super::any_value::plain_container(map.next_value()?);
                Value::Json(self.0.text(&value.to_string()))
            }
            other => {
                let mut object = serde_json::Map::new();
                object.insert(other.to_owned(), map.next_value()?);
                while let Some((key, value)) = map.next_entry::<String, Json>()? {
                    object.insert(key, value);
                }
                return Ok(Value::Json(self.0.text(&Json::Object(object).to_string())));
            }
        };
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(value)
    }
}

fn int(scalar: &Scalar<'_>) -> Value {
    let number = scalar.int().and_then(|it| i64::try_from(it).ok());
    number.map_or(Value::Empty, Value::Int)
}
