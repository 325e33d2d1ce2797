//! Writes attributes and events as OTLP protobuf.
//!
//! Field numbers are those of `opentelemetry/proto/{common,trace}/v1/*.proto`. Lengths are computed before
//! anything is written, so nothing is written twice. `tests/encoder.rs` compares the output with
//! `opentelemetry-proto`.

use super::field;
use super::value::Value;
use crate::wire::{
    ByteBuf, FIXED64_LEN, FieldWriter, field_len, fixed64_tag, length_tag, put_bytes, put_fixed64,
    put_length, put_varint_field, read_varint, varint_field_len, varint_tag,
};

/// Cuts `text` to at most `limit` characters.
#[inline]
pub(crate) fn truncate(text: &str, limit: Option<usize>) -> &str {
    match limit {
        // A text has at most as many characters as bytes.
        Some(limit) if text.len() > limit => match text.char_indices().nth(limit) {
            Some((end, _)) => &text[..end],
            None => text,
        },
        _ => text,
    }
}

/// Returns the size of an `AnyValue` without its length prefix.
fn any_value_len(value: &Value<'_>, limit: Option<usize>) -> usize {
    match value {
        Value::Str(text) => field_len(truncate(text, limit).len()),
        Value::Bool(_) => varint_field_len(1),
        Value::Int(int) => varint_field_len(*int as u64),
        Value::Double(_) => FIXED64_LEN,
        Value::StrArray(items) => array_len(items.iter().map(|item| Value::Str(item)), limit),
        Value::StringArray(items) => array_len(items.iter().map(|item| Value::Str(item)), limit),
        Value::BoolArray(items) => array_len(items.iter().map(|item| Value::Bool(*item)), limit),
        Value::IntArray(items) => array_len(items.iter().map(|item| Value::Int(*item)), limit),
        Value::DoubleArray(items) => array_len(items.iter().map(|item| Value::Double(*item)), limit),
    }
}

fn array_len<'a>(items: impl Iterator<Item = Value<'a>>, limit: Option<usize>) -> usize {
    field_len(items.map(|item| field_len(any_value_len(&item, limit))).sum())
}

fn put_any_value(buf: &mut ByteBuf, value: &Value<'_>, limit: Option<usize>) {
    match value {
        Value::Str(text) => put_bytes(buf, length_tag(1), truncate(text, limit).as_bytes()),
        Value::Bool(bool) => put_varint_field(buf, 2, u64::from(*bool)),
        Value::Int(int) => put_varint_field(buf, 3, *int as u64),
        Value::Double(double) => put_fixed64(buf, 4, double.to_bits()),
        Value::StrArray(items) => put_array(buf, items.iter().map(|item| Value::Str(item)), limit),
        Value::StringArray(items) => put_array(buf, items.iter().map(|item| Value::Str(item)), limit),
        Value::BoolArray(items) => put_array(buf, items.iter().map(|item| Value::Bool(*item)), limit),
        Value::IntArray(items) => put_array(buf, items.iter().map(|item| Value::Int(*item)), limit),
        Value::DoubleArray(items) => put_array(buf, items.iter().map(|item| Value::Double(*item)), limit),
    }
}

fn put_array<'a>(buf: &mut ByteBuf, items: impl Iterator<Item = Value<'a>> + Clone, limit: Option<usize>) {
    let content = items.clone().map(|item| field_len(any_value_len(&item, limit))).sum();
    put_length(buf, length_tag(5), content);
    for item in items {
        put_length(buf, length_tag(1), any_value_len(&item, limit));
        put_any_value(buf, &item, limit);
    }
}

/// Returns the size of a `KeyValue` without its length prefix.
pub(crate) fn key_value_len(key: &str, value: &Value<'_>, limit: Option<usize>) -> usize {
    field_len(key.len()) + field_len(any_value_len(value, limit))
}

/// The size of a tag and a length of one byte.
pub(super) const HEAD: usize = 2;

/// The longest `KeyValue` field all of whose lengths are one byte.
pub(crate) const SHORT: usize = HEAD + 0x7f;

/// The size of a `KeyValue` field with a text, if it is not above [`SHORT`].
#[inline(always)]
pub(crate) const fn short_str_len(key: &str, text: &[u8]) -> usize {
    // The heads of the field, the key, the value and the text.
    4 * HEAD + key.len() + text.len()
}

/// A `KeyValue` that is not longer than [`SHORT`], as the field `tag`.
#[inline(always)]
pub(crate) fn put_short_str(buf: &mut ByteBuf, tag: u8, key: &str, text: &[u8]) {
    put_short_text(put_short_key(buf, tag, key, 2 * HEAD + text.len()), text);
}

/// Writes a short `KeyValue` except for the `value_len` bytes of its value, which the caller fills in. Inlined,
/// so that a constant key compiles to a few moves.
#[inline(always)]
fn put_short_key<'a>(buf: &'a mut ByteBuf, tag: u8, key: &str, value_len: usize) -> &'a mut [u8] {
    let (key_part, value_part) =
        buf.take(2 * HEAD + key.len() + value_len).split_at_mut(2 * HEAD + key.len());
    let (head, rest) = key_part.split_at_mut(2 * HEAD);
    head.copy_from_slice(&[tag, (HEAD + key.len() + value_len) as u8, length_tag(1), key.len() as u8]);
    rest.copy_from_slice(key.as_bytes());
    value_part
}

/// Writes a value that is a text of less than 124 bytes.
fn put_short_text(out: &mut [u8], text: &[u8]) {
    let len = text.len() as u8;
    let Some((head, rest)) = out.split_first_chunk_mut() else { return };
    *head = [length_tag(2), HEAD as u8 + len, length_tag(1), len];
    copy_short(rest, text);
}

/// Copies `from` to `to`, which has the same length. Most texts have 1 to 32 bytes, for which a few overlapping
/// moves are faster than a call of `memcpy`.
#[inline]
pub(super) fn copy_short(to: &mut [u8], from: &[u8]) {
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
        *to.first_chunk_mut::<N>()? = *from.first_chunk::<N>()?;
        *to.last_chunk_mut::<N>()? = *from.last_chunk::<N>()?;
        Some(())
    }
    let copied = match from.len() {
        // The first, the middle and the last byte are all bytes.
        len @ 1..=3 if to.len() == len => {
            (to[0], to[len / 2], to[len - 1]) = (from[0], from[len / 2], from[len - 1]);
            Some(())
        }
        17..=32 => ends::<16>(to, from),
        8..=16 => ends::<8>(to, from),
        4..=7 => ends::<4>(to, from),
        _ => None,
    };
    if copied.is_none() {
        to.copy_from_slice(from);
    }
}

/// The first integer that is not small. Small ones take up to three bytes as a varint: ports, sizes and most
/// counts.
pub(crate) const SMALL_INTS: i64 = 0x20_0000;

/// The size of a `KeyValue` field with an integer below [`SMALL_INTS`], if it is not above [`SHORT`].
#[inline(always)]
pub(crate) const fn small_int_len(key: &str, int: i64) -> usize {
    3 * HEAD + key.len() + varint_field_len(int as u64)
}

/// A `KeyValue` that is not longer than [`SHORT`], as the field `tag`.
#[inline(always)]
pub(crate) fn put_small_int(buf: &mut ByteBuf, tag: u8, key: &str, int: i64) {
    let value_len = varint_field_len(int as u64);
    let out = put_short_key(buf, tag, key, HEAD + value_len);
    let Some((head, digits)) = out.split_first_chunk_mut() else { return };
    *head = [length_tag(2), value_len as u8, varint_tag(3)];
    match digits {
        [only] => *only = int as u8,
        [first, second] => (*first, *second) = (int as u8 | 0x80, (int >> 7) as u8),
        [first, second, third, ..] => {
            (*first, *second, *third) = (int as u8 | 0x80, (int >> 7) as u8 | 0x80, (int >> 14) as u8);
        }
        [] => {}
    }
}

/// The size of a `KeyValue` field with a double, if it is not above [`SHORT`].
#[inline(always)]
pub(crate) const fn double_len(key: &str) -> usize {
    3 * HEAD + key.len() + FIXED64_LEN
}

/// A `KeyValue` that is not longer than [`SHORT`], as the field `tag`.
#[inline(always)]
pub(crate) fn put_double(buf: &mut ByteBuf, tag: u8, key: &str, double: f64) {
    let Some((head, value)) = put_short_key(buf, tag, key, HEAD + FIXED64_LEN).split_first_chunk_mut() else {
        return;
    };
    *head = [length_tag(2), FIXED64_LEN as u8, fixed64_tag(4)];
    value.copy_from_slice(&double.to_bits().to_le_bytes());
}

/// The size of an `Event` field without its attributes, if with them it is not above [`SHORT`].
#[inline(always)]
pub(crate) const fn short_event_len(name: &str) -> usize {
    HEAD + FIXED64_LEN + HEAD + name.len()
}

/// Writes an `Event` that is not longer than [`SHORT`] as the field `tag`, except for the `attributes_len` bytes of its
/// attributes, which follow.
#[inline(always)]
pub(crate) fn put_short_event(buf: &mut ByteBuf, tag: u8, name: &str, time: u64, attributes_len: usize) {
    let len = short_event_len(name);
    let mut out = FieldWriter::new(buf.take(len));
    let mut head = out.take(len - name.len());
    head.put([tag, (len - HEAD + attributes_len) as u8]);
    head.put_fixed64_field(field::EVENT_TIME, time);
    head.put([length_tag(field::EVENT_NAME), name.len() as u8]);
    out.put_slice(name.as_bytes());
}

/// A `KeyValue` as the field `tag`.
#[inline]
pub(crate) fn put_key_value(buf: &mut ByteBuf, tag: u8, key: &str, value: &Value<'_>, limit: Option<usize>) {
    match value {
        Value::Str(text) => {
            let text = truncate(text, limit).as_bytes();
            if short_str_len(key, text) <= SHORT {
                return put_short_str(buf, tag, key, text);
            }
        }
        Value::Int(int @ 0..SMALL_INTS) if small_int_len(key, *int) <= SHORT => {
            return put_small_int(buf, tag, key, *int);
        }
        Value::Double(double) if double_len(key) <= SHORT => return put_double(buf, tag, key, *double),
        _ => {}
    }
    let value_len = any_value_len(value, limit);
    put_length(buf, tag, field_len(key.len()) + field_len(value_len));
    put_bytes(buf, length_tag(1), key.as_bytes());
    put_length(buf, length_tag(2), value_len);
    put_any_value(buf, value, limit);
}

/// Finds the `KeyValue` field `tag` with `key` among the length-delimited fields of `buf`.
pub(crate) fn find_key(buf: &[u8], wanted: u8, key: &str) -> Option<core::ops::Range<usize>> {
    let mut at = 0;
    while at < buf.len() {
        let start = at;
        let found = buf[at];
        let (len, content) = read_varint(buf, at + 1)?;
        at = content + len as usize;
        if found == wanted {
            let (key_len, key_at) = read_varint(buf, content + 1)?;
            if buf.get(key_at..key_at + key_len as usize) == Some(key.as_bytes()) {
                return Some(start..at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_path_writes_the_same_bytes() {
        for int in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 50_051, 0x1f_ffff] {
            assert!(int < SMALL_INTS);
            let (mut short, mut long) = (ByteBuf::default(), ByteBuf::default());
            put_small_int(&mut short, length_tag(9), "key", int);
            let value_len = any_value_len(&Value::Int(int), None);
            put_length(&mut long, length_tag(9), field_len(3) + field_len(value_len));
            put_bytes(&mut long, length_tag(1), b"key");
            put_length(&mut long, length_tag(2), value_len);
            put_any_value(&mut long, &Value::Int(int), None);
            assert_eq!(short.as_slice(), long.as_slice(), "{int}");
            assert_eq!(short.len(), small_int_len("key", int), "{int}");
        }
        assert_eq!(varint_field_len(SMALL_INTS as u64), 1 + 4);
    }

    #[test]
    fn truncation_counts_characters_and_never_splits_one() {
        assert_eq!(truncate("häßlich", Some(3)), "häß");
        assert_eq!(truncate("häßlich", Some(7)), "häßlich");
        assert_eq!(truncate("häßlich", Some(0)), "");
        assert_eq!(truncate("häßlich", None), "häßlich");
    }
}
