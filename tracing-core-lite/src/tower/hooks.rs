//! Attributes that users add to the spans of a layer.

use super::Filter;
use crate::Recorder;

/// Adds attributes from a request. `R` is the head of a request.
///
/// Called once for each recorded span, after the attributes of the conventions are set. Implemented for `()`, which adds
/// nothing, and for closures. If it panics, the span ends as one of a call that panicked.
pub trait OnRequest<R> {
    /// Adds to `span`.
    fn on_request(&self, request: &R, span: &mut Recorder<'_>);

    /// Returns whether there is anything to call.
    #[doc(hidden)]
    fn is_set(&self) -> bool {
        true
    }
}

impl<R> OnRequest<R> for () {
    #[inline]
    fn on_request(&self, _request: &R, _span: &mut Recorder<'_>) {}

    #[inline]
    fn is_set(&self) -> bool {
        false
    }
}

impl<R, F: Fn(&R, &mut Recorder<'_>)> OnRequest<R> for F {
    #[inline]
    fn on_request(&self, request: &R, span: &mut Recorder<'_>) {
        self(request, span);
    }
}

/// Adds attributes from a response. `R` is the head of a response.
///
/// Called once for each recorded span whose response arrives. Implemented for `()`, which adds nothing, and for closures.
/// If it panics, the span ends as one of a call that panicked.
pub trait OnResponse<R> {
    /// Adds to `span`.
    fn on_response(&self, response: &R, span: &mut Recorder<'_>);

    /// Returns whether there is anything to call.
    #[doc(hidden)]
    fn is_set(&self) -> bool {
        true
    }
}

impl<R> OnResponse<R> for () {
    #[inline]
    fn on_response(&self, _response: &R, _span: &mut Recorder<'_>) {}

    #[inline]
    fn is_set(&self) -> bool {
        false
    }
}

impl<R, F: Fn(&R, &mut Recorder<'_>)> OnResponse<R> for F {
    #[inline]
    fn on_response(&self, response: &R, span: &mut Recorder<'_>) {
        self(response, span);
    }
}

/// The filter and the hooks of one layer.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Hooks<F = (), Q = (), P = ()> {
    /// Decides which calls are traced.
    pub filter: F,
    /// Adds attributes from requests.
    pub on_request: Q,
    /// Adds attributes from responses.
    pub on_response: P,
}

impl<F, Q, P> Hooks<F, Q, P> {
    /// Replaces the filter.
    pub fn with_filter<G>(self, filter: G) -> Hooks<G, Q, P> {
        Hooks { filter, on_request: self.on_request, on_response: self.on_response }
    }

    /// Replaces the hook for requests.
    pub fn with_on_request<H>(self, on_request: H) -> Hooks<F, H, P> {
        Hooks { filter: self.filter, on_request, on_response: self.on_response }
    }

    /// Replaces the hook for responses.
    pub fn with_on_response<H>(self, on_response: H) -> Hooks<F, Q, H> {
        Hooks { filter: self.filter, on_request: self.on_request, on_response }
    }

    /// Returns whether the call with this head gets a span.
    #[inline]
    pub fn is_traced<R>(&self, request: &R) -> bool
    where
        F: Filter<R>,
    {
        self.filter.is_traced(request)
    }
}
