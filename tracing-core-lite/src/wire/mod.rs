//! Protobuf primitives: a byte buffer, a writer and a reader of fields.

mod bytes;
mod fields;
mod write;

pub(crate) use bytes::ByteBuf;
pub(crate) use fields::{Field, Fields, Malformed, each_field};
pub(crate) use write::{
    field_len, fixed64_tag, length_tag, put_bytes, put_fixed32, put_fixed64, put_length, put_varint_field,
    read_varint, varint_len, varint_tag, wide_fixed32_tag,
};
