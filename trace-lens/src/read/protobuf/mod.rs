//! Reads OTLP protobuf, in each of its framings.

mod attributes;
mod frames;
mod otlp;
mod wire;

pub(crate) use attributes::Decoded;
pub(crate) use frames::{Broken, Frame, Frames, Framing, is_compressed};
pub(crate) use otlp::{request, resource_spans};
