//! Buffers for finished spans: chunks of encoded spans, one per thread.

mod chunk;
mod gate;
mod intake;
mod shared_chunk;
mod thread_buffer;

pub(crate) use chunk::Chunk;
pub(crate) use gate::Gate;
pub(crate) use intake::{Dropped, Intake};
pub(crate) use shared_chunk::SharedChunk;
pub(crate) use thread_buffer::Buffer;
