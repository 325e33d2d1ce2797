//! Buffers for finished spans: chunks of encoded spans, one per thread.

mod chunk;
mod flush;
mod gate;
mod intake;
mod shared_chunk;
mod thread_buffer;

pub(crate) use chunk::Chunk;
pub use flush::FlushError;
pub(crate) use flush::FlushWaker;
pub(crate) use gate::Gate;
pub(crate) use intake::{Dropped, Intake};
pub(crate) use shared_chunk::SharedChunk;
pub(crate) use thread_buffer::Buffer;
