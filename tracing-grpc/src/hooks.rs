//! Attributes of the user's own, from request and response.

use tracing_core_lite::Recorder;

use crate::head::{RequestHead, ResponseHead};

/// Called when a recorded span starts, after the attributes of the conventions. Implemented for `()` and for closures.
pub trait OnRequest {
    /// Adds to `span`.
    fn on_request(&self, request: &RequestHead<'_>, span: &mut Recorder<'_>);
}

impl OnRequest for () {
    #[inline]
    fn on_request(&self, _request: &RequestHead<'_>, _span: &mut Recorder<'_>) {}
}

impl<F: Fn(&RequestHead<'_>, &mut Recorder<'_>)> OnRequest for F {
    #[inline]
    fn on_request(&self, request: &RequestHead<'_>, span: &mut Recorder<'_>) {
        self(request, span);
    }
}

/// Called when the initial metadata of a recorded span's response is there. Implemented for `()` and for closures.
pub trait OnResponse {
    /// Adds to `span`.
    fn on_response(&self, response: &ResponseHead<'_>, span: &mut Recorder<'_>);

    /// Whether there is anything to call.
    #[doc(hidden)]
    fn is_set(&self) -> bool {
        true
    }
}

impl OnResponse for () {
    #[inline]
    fn on_response(&self, _response: &ResponseHead<'_>, _span: &mut Recorder<'_>) {}

    #[inline]
    fn is_set(&self) -> bool {
        false
    }
}

impl<F: Fn(&ResponseHead<'_>, &mut Recorder<'_>)> OnResponse for F {
    #[inline]
    fn on_response(&self, response: &ResponseHead<'_>, span: &mut Recorder<'_>) {
        self(response, span);
    }
}
