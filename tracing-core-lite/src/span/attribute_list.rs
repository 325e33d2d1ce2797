//! The attributes of an event or a link, which are set all at once.

use super::encode;
use super::value::Value;
use crate::wire::{self, ByteBuf};

/// The attributes of an event or a link: the last of equal keys, up to a limit.
pub(super) struct AttributeList<'a> {
    attributes: &'a [(&'a str, Value<'a>)],
    limit: usize,
    pub(super) dropped: u32,
    value_length: Option<usize>,
}

impl<'a> AttributeList<'a> {
    pub(super) fn new(
        attributes: &'a [(&'a str, Value<'a>)],
        limit: u32,
        value_length: Option<usize>,
    ) -> Self {
        let mut list = Self { attributes, limit: usize::MAX, dropped: 0, value_length };
        let unique = list.iter().count();
        list.limit = limit as usize;
        list.dropped = u32::try_from(unique.saturating_sub(list.limit)).unwrap_or(u32::MAX);
        list
    }

    fn iter(&self) -> impl Iterator<Item = &'a (&'a str, Value<'a>)> {
        let attributes = self.attributes;
        attributes
            .iter()
            .enumerate()
            .filter(move |(index, (key, _))| {
                !key.is_empty() && !attributes[index + 1..].iter().any(|(later, _)| later == key)
            })
            .map(|(_, attribute)| attribute)
            .take(self.limit)
    }

    pub(super) fn len(&self, field: u8) -> usize {
        debug_assert!(field < 16, "a tag of one byte");
        self.iter()
            .map(|(key, value)| wire::field_len(encode::key_value_len(key, value, self.value_length)))
            .sum()
    }

    pub(super) fn put(&self, buf: &mut ByteBuf, field: u8) {
        for (key, value) in self.iter() {
            encode::put_key_value(buf, wire::length_tag(field), key, value, self.value_length);
        }
    }
}
