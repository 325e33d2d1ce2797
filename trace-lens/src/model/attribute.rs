//! Attributes of spans and resources, interned as pairs of key and value.

use std::borrow::Cow;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::text::{Text, Texts};

/// The value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// A value that is absent or null.
    Empty,
    /// A string.
    Text(Text),
    /// An integer.
    Int(i64),
    /// The bits of a floating-point number.
    Double(u64),
    /// A truth value.
    Bool(bool),
    /// An array or a map, as JSON.
    Json(Text),
    /// Bytes, in base64.
    Bytes(Text),
}

/// A key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Attribute {
    /// The key.
    pub key: Text,
    /// The value.
    pub value: Value,
}

/// An entry of an [`Attributes`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeId(pub(crate) u32);

/// A table of distinct attributes.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    entries: Vec<Attribute>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Attributes {
    /// Returns the entry of an attribute, which is added if it is new.
    pub(crate) fn intern(&mut self, key: Text, value: Value) -> AttributeId {
        let attribute = Attribute { key, value };
        let hash = self.hasher.hash_one(attribute);
        if let Some(&found) = self.index.find(hash, |&it| self.entries[it as usize] == attribute) {
            return AttributeId(found);
        }
        let new = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        if new == u32::MAX {
            return AttributeId(0);
        }
        self.entries.push(attribute);
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, new, |&it| hasher.hash_one(entries[it as usize]));
        AttributeId(new)
    }

    /// Returns the attribute of an entry.
    #[must_use]
    pub fn get(&self, id: AttributeId) -> Attribute {
        self.entries
            .get(id.0 as usize)
            .copied()
            .unwrap_or(Attribute { key: Text::EMPTY, value: Value::Empty })
    }

    /// Returns the number of distinct attributes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<Attribute>() + self.index.capacity() * 5
    }

    /// Adds all attributes of `other`, whose texts moved to `texts`, and returns their entries here.
    pub(crate) fn absorb(&mut self, other: &Self, texts: &[Text]) -> Vec<AttributeId> {
        let moved = |text: Text| texts.get(text.0 as usize).copied().unwrap_or_default();
        let entries = other.entries.iter();
        entries.map(|it| self.intern(moved(it.key), it.value.map_text(moved))).collect()
    }
}

impl Value {
    fn map_text(self, moved: impl Fn(Text) -> Text) -> Self {
        match self {
            Self::Text(text) => Self::Text(moved(text)),
            Self::Json(text) => Self::Json(moved(text)),
            Self::Bytes(text) => Self::Bytes(moved(text)),
            other => other,
        }
    }

    /// Returns the value as people read it.
    #[must_use]
    pub fn display(self, texts: &Texts) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Json(text) | Self::Bytes(text) => Cow::Borrowed(texts.get(text)),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Double(bits) => Cow::Owned(f64::from_bits(bits).to_string()),
            Self::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        }
    }

    /// Returns the value as a number: of integers, floating-point numbers and strings that hold one.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn number(self, texts: &Texts) -> Option<f64> {
        match self {
            Self::Int(number) => Some(number as f64),
            Self::Double(bits) => Some(f64::from_bits(bits)).filter(|it| it.is_finite()),
            Self::Text(text) => texts.get(text).trim().parse().ok().filter(|it: &f64| it.is_finite()),
            _ => None,
        }
    }
}
