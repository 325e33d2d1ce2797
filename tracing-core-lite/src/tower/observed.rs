//! What a recorded or measured call keeps in a recycled box.

use crate::Span;
use crate::layer_support::BoxPool;

/// What a call needs until it ends. `P` is what its protocol keeps.
#[derive(Debug)]
pub struct Observed<P> {
    /// `None` after the end.
    pub(super) span: Option<Span>,
    pub(super) protocol: P,
}

/// A thread's recycled boxes for the calls of one protocol.
pub type CallPool<P> = BoxPool<Observed<P>>;
