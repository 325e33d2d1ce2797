//! Which calls get a span.

/// Decides whether a call gets a span. `R` is the head of a request.
///
/// Implemented for `()`, which traces every call, and for closures that take the head and return whether to trace it.
///
/// Excluding a call excludes everything below it:
///
/// | caller | what happens |
/// |---|---|
/// | none | Calls below carry a new, unsampled context, so that they start no traces of their own. |
/// | unsampled | Calls below carry the caller's context. |
/// | sampled | This call gets no span. Spans below it become children of the caller's span. |
///
/// Baggage is passed on in every case. An excluded call is not measured either. For a client layer, the caller is the
/// current span.
pub trait Filter<R> {
    /// Returns whether the call with this head gets a span.
    fn is_traced(&self, request: &R) -> bool;
}

impl<R> Filter<R> for () {
    #[inline]
    fn is_traced(&self, _request: &R) -> bool {
        true
    }
}

impl<R, F: Fn(&R) -> bool> Filter<R> for F {
    #[inline]
    fn is_traced(&self, request: &R) -> bool {
        self(request)
    }
}
