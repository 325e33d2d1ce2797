//! Spans on disk, for inputs that do not fit in memory.
//!
//! Spans are divided by a hash of their trace id, so that each part holds whole traces and can be analysed by itself. Within a
//! part, they are stored in compressed blocks of columns.

mod block;
mod decode;
mod encode;
mod numbers;
mod overflow;
mod parts;
mod walk;

pub(crate) use overflow::Overflow;
pub(crate) use parts::Parts;
pub(crate) use walk::Walk;
