//! Writes protobuf fields into a byte buffer.

use super::ByteBuf;

/// Wire type 0.
const VARINT: u8 = 0;
/// Wire type 1.
const FIXED64: u8 = 1;
/// Wire type 2.
const LENGTH: u8 = 2;
/// Wire type 5.
const FIXED32: u8 = 5;

/// The size of a `fixed64` field.
pub(crate) const FIXED64_LEN: usize = 1 + 8;
/// The size of a `fixed32` field.
pub(crate) const FIXED32_LEN: usize = 1 + 4;

/// A field's tag for field numbers below 16, which is one byte.
const fn tag(field: u8, wire_type: u8) -> u8 {
    (field << 3) | wire_type
}

pub(crate) const fn length_tag(field: u8) -> u8 {
    tag(field, LENGTH)
}

pub(crate) const fn varint_tag(field: u8) -> u8 {
    tag(field, VARINT)
}

pub(crate) const fn fixed64_tag(field: u8) -> u8 {
    tag(field, FIXED64)
}

/// Returns how many bytes `value` takes as a varint.
pub(crate) const fn varint_len(value: u64) -> usize {
    // 1 + floor(log2(value) / 7), without a division.
    ((64 - (value | 1).leading_zeros()) as usize * 9 + 64) / 64
}

#[inline]
pub(crate) fn put_varint(buf: &mut ByteBuf, mut value: u64) {
    while value >= 0x80 {
        buf.push((value as u8) | 0x80);
        value >>= 7;
    }
    buf.push(value as u8);
}

/// Writes the tag and the length of a field whose content follows.
#[inline]
pub(crate) fn put_length(buf: &mut ByteBuf, tag: u8, len: usize) {
    match len {
        0..0x80 => buf.extend_from_slice(&[tag, len as u8]),
        // Most spans.
        0x80..0x4000 => buf.extend_from_slice(&[tag, len as u8 | 0x80, (len >> 7) as u8]),
        _ => {
            buf.push(tag);
            put_varint(buf, len as u64);
        }
    }
}

/// Writes a length-delimited field.
#[inline]
pub(crate) fn put_bytes(buf: &mut ByteBuf, tag: u8, bytes: &[u8]) {
    put_length(buf, tag, bytes.len());
    buf.extend_from_slice(bytes);
}

#[inline]
pub(crate) fn put_varint_field(buf: &mut ByteBuf, field: u8, value: u64) {
    buf.push(tag(field, VARINT));
    put_varint(buf, value);
}

/// Returns how many bytes a varint field with a one-byte tag takes.
pub(crate) const fn varint_field_len(value: u64) -> usize {
    1 + varint_len(value)
}

/// Returns how many bytes [`put_nonzero_field`] writes.
pub(crate) const fn nonzero_field_len(value: u32) -> usize {
    if value == 0 { 0 } else { varint_field_len(value as u64) }
}

/// Writes a varint field unless `value` is 0, the default of protobuf.
#[inline]
pub(crate) fn put_nonzero_field(buf: &mut ByteBuf, field: u8, value: u32) {
    if value != 0 {
        put_varint_field(buf, field, value.into());
    }
}

#[inline]
pub(crate) fn put_fixed64(buf: &mut ByteBuf, field: u8, value: u64) {
    buf.push(tag(field, FIXED64));
    buf.extend_from_slice(&value.to_le_bytes());
}

/// The tag of the `fixed32` field `field`, for field numbers from 16 to 2047, which is two bytes.
pub(crate) const fn wide_fixed32_tag(field: u16) -> [u8; 2] {
    let tag = (field << 3) | FIXED32 as u16;
    [tag as u8 | 0x80, (tag >> 7) as u8]
}

#[inline]
pub(crate) fn put_fixed32(buf: &mut ByteBuf, field: u8, value: u32) {
    buf.push(tag(field, FIXED32));
    buf.extend_from_slice(&value.to_le_bytes());
}

/// Returns how many bytes a length-delimited field with a one-byte tag takes.
pub(crate) const fn field_len(content: usize) -> usize {
    1 + varint_len(content as u64) + content
}

/// Reads the varint at `at`. Returns its value and where it ends, or `None` if the buffer ends first.
pub(crate) fn read_varint(buf: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *buf.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((value, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varint_lengths_agree_with_what_is_written() {
        for shift in 0..64 {
            for value in [(1_u64 << shift) - 1, 1 << shift, (1 << shift) + 1, u64::MAX >> shift] {
                let mut buf = ByteBuf::default();
                put_varint(&mut buf, value);
                assert_eq!(buf.len(), varint_len(value), "{value}");
                assert_eq!(read_varint(buf.as_slice(), 0), Some((value, buf.len())));
            }
        }
    }

    #[test]
    fn the_tag_of_a_field_above_15_has_two_bytes() {
        assert_eq!(wide_fixed32_tag(16), [0x85, 0x01]);
    }
}
