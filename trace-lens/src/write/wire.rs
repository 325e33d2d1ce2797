//! Writes protobuf fields.

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    varint(out, u64::from(field << 3 | wire_type));
}

/// Writes a message, whose content `write` appends.
pub(crate) fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    write(&mut inner);
    tag(out, field, 2);
    varint(out, inner.len() as u64);
    out.extend_from_slice(&inner);
}

/// Writes bytes, unless there are none.
pub(crate) fn bytes(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    if !content.is_empty() {
        tag(out, field, 2);
        varint(out, content.len() as u64);
        out.extend_from_slice(content);
    }
}

/// Writes a number, unless it is 0.
pub(crate) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        always_number(out, field, value);
    }
}

/// Writes a number, also 0.
pub(crate) fn always_number(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, 0);
    varint(out, value);
}

pub(crate) fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, 1);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn double_field(out: &mut Vec<u8>, field: u32, bits: u64) {
    fixed64(out, field, bits);
}

pub(crate) fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    tag(out, field, 5);
    out.extend_from_slice(&value.to_le_bytes());
}
