//! Passes encoded messages through gRPC.

use bytes::{Buf, BufMut, Bytes};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::pipeline::Batch;

/// A codec for messages that are encoded already. The response is read by
/// [`reply`](crate::exporters::otlp::reply).
#[derive(Debug, Clone, Copy)]
pub(super) struct RawBytes;

impl Codec for RawBytes {
    type Encode = Batch;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawBytes {
    type Item = Batch;
    type Error = Status;

    fn encode(&mut self, batch: Batch, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.reserve(batch.request_len());
        batch.slices().for_each(|slice| to.put_slice(slice));
        Ok(())
    }
}

impl Decoder for RawBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
