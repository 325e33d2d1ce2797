//! The pooled memory of a recording span, shared by the [`Span`](super::Span) and the `Context` that carries it.
//!
//! The pool saves allocations, and prevents memory of one thread from being freed on another. The slot also holds the
//! ids of the span, so that a `Span` is small to move.

mod handle;
mod pool;
mod state;
mod write_lock;

pub(crate) use handle::SlotHandle;
