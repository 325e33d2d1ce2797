//! Protobuf primitives: a byte buffer, a writer and a reader of fields.

mod bytes;
mod field_writer;
mod fields;
mod write;

pub(crate) use bytes::ByteBuf;
pub(crate) use field_writer::FieldWriter;
pub(crate) use fields::{Field, Fields, Malformed, each_field};
pub(crate) use write::{
    FIXED32_LEN, FIXED64_LEN, field_len, fixed64_tag, length_tag, nonzero_field_len, put_bytes, put_fixed32,
    put_fixed64, put_length, put_nonzero_field, put_varint_field, read_varint, varint_field_len, varint_tag,
    wide_fixed32_tag,
};
