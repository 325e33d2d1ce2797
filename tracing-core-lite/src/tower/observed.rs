//! The state of a recorded or measured call, in a recycled box.

use crate::Span;
use crate::layer_support::BoxPool;

/// The state of a call until it ends. `P` is the state of its protocol.
#[derive(Debug)]
pub struct Observed<P> {
    /// `None` after the end.
    pub(super) span: Option<Span>,
    pub(super) protocol: P,
}

/// A thread's recycled boxes for the calls of one protocol.
pub type CallPool<P> = BoxPool<Observed<P>>;
