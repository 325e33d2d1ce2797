//! What is kept of a call until it has ended.

use std::borrow::Cow;
use std::sync::Arc;
use std::thread::LocalKey;

use bytes::Buf;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use tonic::Code;
use tracing_core_lite::Span;
use tracing_core_lite::layer_support::BoxPool;
use tracing_core_lite::tower::{AfterHead, CallPool, End, Protocol};

use super::deadline::Deadline;
use super::ending::{Ending, Side};
use super::error_code::Failure;
use super::messages::Messages;
use super::method::{Claim, Method};
use super::semconv::{GRPC, METHOD, METHOD_ORIGINAL, OTHER};
use super::{code, error_code, kept_names};
use crate::config::Config;

/// Longest description of a status, in bytes as they travel.
const LONGEST_MESSAGE: usize = 1024;

/// What the layers keep of a call until it has ended.
#[derive(Debug)]
pub struct GrpcCall {
    side: Side,
    records_message: bool,
    /// The status in the head of the response, if it has one.
    code: Option<Code>,
    claim: Option<Claim>,
    layer: u64,
    deadline: Option<Deadline>,
    messages: Messages,
    /// Only if metadata of the response is captured: counting a reference is an atomic operation.
    pub(crate) captures: Option<Arc<Config>>,
    #[cfg(feature = "metrics")]
    pub(crate) measurement: Option<Box<super::metrics::Measurement>>,
}

impl GrpcCall {
    #[inline]
    pub(crate) fn new(config: &Arc<Config>, method: Method<'_>, timeout: Option<&HeaderValue>) -> Self {
        Self {
            side: config.side,
            records_message: config.status_messages,
            code: None,
            claim: method.claim(),
            layer: config.layer.get(),
            deadline: timeout.and_then(Deadline::of),
            messages: Messages::new(config.messages),
            captures: (!config.response_metadata.is_empty()).then(|| Arc::clone(config)),
            #[cfg(feature = "metrics")]
            measurement: None,
        }
    }

    /// Records the status in the head of the response.
    #[inline]
    pub(crate) fn note_code<B>(&mut self, response: &Response<B>) {
        self.code = code::of_headers(response.headers());
        if self.code.is_none() && response.status() != StatusCode::OK {
            self.code = Some(code::of_http(response.status()));
        }
    }

    /// Returns the claimed name of a method that does not exist.
    ///
    /// Generated code answers UNIMPLEMENTED for unknown methods, and tonic for unknown services, in the head of the
    /// response and without a message. An answer with a message comes from a method that exists.
    #[inline]
    fn unknown_method(&mut self, code: Code, tail: Option<&HeaderMap>) -> Option<Claim> {
        let is_unimplemented = self.code == Some(Code::Unimplemented) && code == Code::Unimplemented;
        let claim = self.claim.take().filter(|_| is_unimplemented)?;
        let has_message = tail.and_then(code::message).is_some_and(|message| !message.is_empty());
        if has_message && kept_names::keeps(self.layer, claim.as_str()) { None } else { Some(claim) }
    }
}

thread_local! {
    static POOL: CallPool<GrpcCall> = const { BoxPool::new() };
}

impl Protocol for GrpcCall {
    type Error = Failure;

    #[inline]
    fn pool() -> &'static LocalKey<CallPool<Self>> {
        &POOL
    }

    fn error_of<E: 'static>(error: &E) -> Failure {
        error_code::of_any(error)
    }

    #[inline]
    fn after_head<B: Body>(_: Option<&mut Self>, response: &Response<B>) -> AfterHead {
        if response.body().is_end_stream() { AfterHead::Done } else { AfterHead::Body }
    }

    #[inline]
    fn makes_body(&self) -> bool {
        !self.side.is_client()
    }

    #[inline]
    fn on_data(&mut self, span: Option<&Span>, data: &impl Buf) {
        if self.messages.are_wanted()
            && let Some(span) = span
        {
            let direction = self.side.of_responses();
            self.messages.read(data, |id, size| {
                direction.event(id, size, |name, attributes| span.add_event(name, attributes));
            });
        }
    }

    fn end(&mut self, span: Option<Span>, end: End<'_, Failure>) {
        let tail = match end {
            End::Complete(tail) => tail,
            _ => None,
        };
        let ending = Ending::new(self.side, self.code, end, || self.deadline.is_some_and(Deadline::is_over));
        let unknown = self.unknown_method(ending.code, tail);
        #[cfg(feature = "metrics")]
        if let Some(mut measurement) = self.measurement.take() {
            if unknown.is_some() {
                measurement.set_unknown_method();
            }
            measurement.end(&ending, span.as_ref().map(Span::span_context));
        }
        let captures = self.captures.take();
        let Some(span) = span else { return };
        span.end_with(|span| {
            if let Some(claim) = &unknown {
                span.set_name(GRPC).set(METHOD, OTHER).set(METHOD_ORIGINAL, claim.as_str());
            }
            if let (Some(config), Some(metadata)) = (&captures, tail) {
                config.response_metadata.record(span, metadata);
            }
            let description = if self.records_message { tail.and_then(description) } else { None };
            ending.record(span, description.as_deref().unwrap_or_default());
        });
    }
}

/// Returns `grpc-message`, decoded.
fn description(tail: &HeaderMap) -> Option<Cow<'_, str>> {
    let message = code::message(tail)?;
    let message = &message[..message.len().min(LONGEST_MESSAGE)];
    if !message.contains(&b'%') {
        return Some(String::from_utf8_lossy(message));
    }
    let mut decoded = Vec::with_capacity(message.len());
    let mut rest = message;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = if *byte == b'%' { after.get(..2).and_then(hex) } else { None };
        decoded.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    Some(String::from_utf8_lossy(&decoded).into_owned().into())
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions() {
        for (given, expected) in [
            ("plain", "plain"),
            ("no stock: %C3%A4%25", "no stock: ä%"),
            ("%", "%"),
            ("%zz%4", "%zz%4"),
            ("%+1", "%+1"),
            ("%ff", "\u{fffd}"),
        ] {
            let tail = HeaderMap::from_iter([("grpc-message".parse().unwrap(), given.parse().unwrap())]);
            assert_eq!(description(&tail).as_deref(), Some(expected));
        }
        assert_eq!(description(&HeaderMap::new()), None);
    }
}
