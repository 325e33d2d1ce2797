//! Which requests get a span.

use crate::head::RequestHead;

/// Says whether a request gets a span. Implemented for `()`, which says yes, and for closures.
///
/// A request that gets none goes through untouched and is not measured; the caller's context, if it sent one, is still
/// current in the service, so that what the service calls stays in the caller's trace.
pub trait Filter {
    /// Whether `request` gets a span.
    fn is_traced(&self, request: &RequestHead<'_>) -> bool;
}

impl Filter for () {
    #[inline]
    fn is_traced(&self, _request: &RequestHead<'_>) -> bool {
        true
    }
}

impl<F: Fn(&RequestHead<'_>) -> bool> Filter for F {
    #[inline]
    fn is_traced(&self, request: &RequestHead<'_>) -> bool {
        self(request)
    }
}
