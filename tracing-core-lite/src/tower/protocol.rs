//! What a protocol supplies to the toolkit.

use std::fmt::Debug;
use std::thread::LocalKey;

use bytes::Buf;
use http::{HeaderMap, Response};
use http_body::Body;

use super::observed::CallPool;
use crate::Span;

/// What a protocol keeps of a call from its request to its end, and how it ends the call's span.
///
/// One value exists for each call that is recorded or measured.
pub trait Protocol: Debug + Sized + 'static {
    /// The class of an error.
    type Error: Copy;

    /// Returns the boxes that this thread recycles for calls of this protocol.
    fn pool() -> &'static LocalKey<CallPool<Self>>;

    /// Returns the class of an error of the response's body.
    fn error_of<E: 'static>(error: &E) -> Self::Error;

    /// Called with the head of the response. `protocol` is `None` if the call is neither recorded nor measured.
    fn after_head<B: Body>(protocol: Option<&mut Self>, response: &Response<B>) -> AfterHead;

    /// Returns whether the response's body runs code of the service, which may look for the current context.
    fn makes_body(&self) -> bool {
        true
    }

    /// Called with each chunk of the response's body. `span` is `None` if the call is not recorded.
    #[inline]
    fn on_data(&mut self, _span: Option<&Span>, _data: &impl Buf) {}

    /// Returns whether nothing is missing from the response, so that dropping its body now does not cancel the call.
    #[inline]
    fn is_complete(&self) -> bool {
        false
    }

    /// Ends the span, if there is one, and the measurement. Called exactly once.
    fn end(&mut self, span: Option<Span>, end: End<'_, Self::Error>);
}

/// Whether a call goes on after the head of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterHead {
    /// The response has no body, or one that needs no further attention.
    Done,
    /// The call ends with the response's body.
    Body,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub enum End<'a, E> {
    /// The response ended. The trailers, or the head's own fields if the head was the last part of the response.
    Complete(Option<&'a HeaderMap>),
    /// The service or the body failed.
    Failed(E),
    /// The future or the body was dropped.
    Cancelled,
    /// The service, the body or a hook panicked.
    Panicked,
}
