//! Attributes in protobuf: each distinct key-value message is decoded once.

use std::hash::BuildHasher;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hashbrown::{DefaultHashBuilder, HashTable};
use serde_json::Value as Json;

use super::wire::{Fields, Malformed};
use crate::model::{AttributeId, Builder, Value};

/// How deep arrays and maps may nest.
const MAX_DEPTH: usize = 64;
/// The memory of encoded attributes after which the table starts anew.
const MAX_BYTES: usize = 64 << 20;

/// Encoded key-value messages, and the attributes that they are.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    bytes: Vec<u8>,
    entries: Vec<(usize, usize, AttributeId)>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Decoded {
    /// Returns the attribute of an encoded `KeyValue`.
    pub(crate) fn attribute(
        &mut self,
        message: &[u8],
        builder: &mut Builder,
    ) -> Result<AttributeId, Malformed> {
        let hash = self.hasher.hash_one(message);
        let found = self.index.find(hash, |&it| {
            let (from, to, _) = self.entries[it as usize];
            &self.bytes[from..to] == message
        });
        if let Some(&found) = found {
            return Ok(self.entries[found as usize].2);
        }
        let id = decode(message, builder)?;
        if self.bytes.len() + message.len() > MAX_BYTES {
            self.clear();
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(message);
        self.entries.push((from, self.bytes.len(), id));
        let new = self.entries.len() as u32 - 1;
        let (entries, bytes, hasher) = (&self.entries, &self.bytes, &self.hasher);
        self.index.insert_unique(hash, new, |&it| {
            let (from, to, _) = entries[it as usize];
            hasher.hash_one(&bytes[from..to])
        });
        Ok(id)
    }

    /// Forgets everything: attributes of another builder are others.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.index.clear();
    }
}

fn decode(message: &[u8], builder: &mut Builder) -> Result<AttributeId, Malformed> {
    let (mut key, mut value) = (&b""[..], &b""[..]);
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => key = field.bytes().unwrap_or_default(),
            2 => value = field.bytes().unwrap_or_default(),
            _ => {}
        }
    }
    let value = decode_value(value, builder)?;
    Ok(builder.attribute(&String::from_utf8_lossy(key), value))
}

fn decode_value(message: &[u8], builder: &mut Builder) -> Result<Value, Malformed> {
    let mut value = Value::Empty;
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        let bytes = field.bytes().unwrap_or_default();
        value = match number {
            1 => Value::Text(builder.text(&String::from_utf8_lossy(bytes))),
            2 => Value::Bool(field.number() != 0),
            #[allow(clippy::cast_possible_wrap)]
            3 => Value::Int(field.number() as i64),
            4 => Value::Double(field.number()),
            5 | 6 => Value::Json(builder.text(&container(number, bytes, 0)?.to_string())),
            7 => Value::Bytes(builder.text(&STANDARD.encode(bytes))),
            _ => value,
        };
    }
    Ok(value)
}

/// An array (5) or a map (6), as JSON.
fn container(kind: u32, message: &[u8], depth: usize) -> Result<Json, Malformed> {
    if depth == MAX_DEPTH {
        return Err(Malformed { what: "an attribute is nested too deeply", left: message.len() });
    }
    let (mut list, mut map) = (Vec::new(), serde_json::Map::new());
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        let (1, Some(bytes)) = (number, field.bytes()) else { continue };
        if kind == 5 {
            list.push(json(bytes, depth)?);
            continue;
        }
        let (mut key, mut value) = (String::new(), Json::Null);
        let mut pair = Fields::new(bytes);
        while let Some((number, field)) = pair.next()? {
            match number {
                1 => key = String::from_utf8_lossy(field.bytes().unwrap_or_default()).into_owned(),
                2 => value = json(field.bytes().unwrap_or_default(), depth)?,
                _ => {}
            }
        }
        map.insert(key, value);
    }
    Ok(if kind == 5 { Json::Array(list) } else { Json::Object(map) })
}

fn json(message: &[u8], depth: usize) -> Result<Json, Malformed> {
    let mut value = Json::Null;
    let mut fields = Fields::new(message);
    while let Some((number, field)) = fields.next()? {
        let bytes = field.bytes().unwrap_or_default();
        value = match number {
            1 => String::from_utf8_lossy(bytes).into(),
            2 => (field.number() != 0).into(),
            #[allow(clippy::cast_possible_wrap)]
            3 => (field.number() as i64).into(),
            4 => f64::from_bits(field.number()).into(),
            5 | 6 => container(number, bytes, depth + 1)?,
            7 => STANDARD.encode(bytes).into(),
            _ => value,
        };
    }
    Ok(value)
}
