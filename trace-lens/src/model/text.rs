//! Interned text: each distinct string is stored once.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// A string of a [`Texts`] table. Only meaningful together with the table that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Text(pub(crate) u32);

impl Text {
    /// The empty string, in every table.
    pub const EMPTY: Self = Self(0);

    /// Returns whether this is the empty string.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A table of distinct strings.
#[derive(Debug, Clone)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Default for Texts {
    fn default() -> Self {
        Self::new()
    }
}

impl Texts {
    /// Creates a table that holds the empty string.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: String::new(),
            ends: vec![0],
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Returns the entry of `text`, which is added if it is new.
    ///
    /// After `u32::MAX` distinct strings, new ones become the empty string.
    pub fn intern(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return Text::EMPTY;
        }
        let hash = self.hasher.hash_one(text);
        let (bytes, ends) = (&self.bytes, &self.ends);
        if let Some(&found) = self.index.find(hash, |&it| slice(bytes, ends, it) == text) {
            return Text(found);
        }
        let Ok(new) = u32::try_from(self.ends.len()) else { return Text::EMPTY };
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.index.insert_unique(hash, new, |&it| hasher.hash_one(slice(bytes, ends, it)));
        Text(new)
    }

    /// Returns the entry of `text` if it is in the table.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Text> {
        if text.is_empty() {
            return Some(Text::EMPTY);
        }
        let hash = self.hasher.hash_one(text);
        self.index.find(hash, |&it| slice(&self.bytes, &self.ends, it) == text).map(|&it| Text(it))
    }

    /// Returns the string of an entry, the empty string for an entry of another table that is not in this one.
    #[must_use]
    pub fn get(&self, text: Text) -> &str {
        if (text.0 as usize) < self.ends.len() { slice(&self.bytes, &self.ends, text.0) } else { "" }
    }

    /// Returns the number of distinct strings, with the empty one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether the table holds nothing but the empty string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }

    /// Returns the approximate memory of the table, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 8 + self.index.capacity() * 5
    }

    /// Adds all strings of `other`, and returns their entries here, by their entries there.
    pub(crate) fn absorb(&mut self, other: &Self) -> Vec<Text> {
        (0..other.ends.len()).map(|it| self.intern(slice(&other.bytes, &other.ends, it as u32))).collect()
    }
}

fn slice<'a>(bytes: &'a str, ends: &[usize], entry: u32) -> &'a str {
    let entry = entry as usize;
    let start = if entry == 0 { 0 } else { ends[entry - 1] };
    &bytes[start..ends[entry]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_an_entry() {
        let mut texts = Texts::new();
        let (a, b) = (texts.intern("orders"), texts.intern("payment"));
        assert_eq!(texts.intern("orders"), a);
        assert_eq!((texts.get(a), texts.get(b), texts.get(Text::EMPTY)), ("orders", "payment", ""));
        assert_eq!(texts.find("stripe"), None);
        assert_eq!(texts.len(), 3);
    }

    #[test]
    fn tables_merge() {
        let (mut left, mut right) = (Texts::new(), Texts::new());
        let (a, b) = (left.intern("a"), right.intern("b"));
        let also_a = right.intern("a");
        let moved = left.absorb(&right);
        assert_eq!(moved[also_a.0 as usize], a);
        assert_eq!(left.get(moved[b.0 as usize]), "b");
    }
}
