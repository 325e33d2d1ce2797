//! A call on its way, from its request to its trailers.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, Response, StatusCode};
use tonic::Code;
use tracing_core_lite::{Context, Recorder, Span};

use crate::code;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::ending::{Ending, Outcome};
use crate::messages::Messages;
use crate::method::{self, Claim};
use crate::semconv::{GRPC, METHOD, METHOD_ORIGINAL, OTHER};

/// Longest description of a status, in bytes as they travel.
const LONGEST_MESSAGE: usize = 1024;

/// The span of a call and what has to be known to end it. Ends once; when it is dropped, as given up.
#[derive(Debug)]
pub(crate) struct Call {
    /// `None` when the call has ended, or is but passed on.
    span: Option<Span>,
    context: Context,
    pub(crate) config: Arc<Config>,
    pub(crate) claim: Option<Claim>,
    pub(crate) deadline: Option<Deadline>,
    /// The status that the response's head tells, if it does.
    code: Option<Code>,
    pub(crate) messages: Messages,
    #[cfg(feature = "metrics")]
    pub(crate) measurement: Option<Box<crate::metrics::Measurement>>,
}

impl Call {
    /// A call that is but passed on: its context is current, and nothing is recorded.
    #[inline]
    pub(crate) fn new(config: &Arc<Config>, context: Context) -> Self {
        Self {
            span: None,
            context,
            config: Arc::clone(config),
            claim: None,
            deadline: None,
            code: None,
            messages: Messages::new(config.messages),
            #[cfg(feature = "metrics")]
            measurement: None,
        }
    }

    /// Records the call in `span`.
    #[inline]
    pub(crate) fn observe(&mut self, span: Span) {
        self.span = Some(span);
    }

    /// Whether the call is still to be ended.
    pub(crate) fn is_traced(&self) -> bool {
        self.span.is_some()
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Adds to the span, if it is recorded.
    #[inline]
    pub(crate) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = &self.span {
            span.record(write);
        }
    }

    /// Runs `work` in the call's context, and ends the call if it panics.
    #[inline]
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let _attached = self.context.clone().attach();
        let mut guard = PanicGuard { call: self, is_armed: true };
        let result = work();
        guard.is_armed = false;
        result
    }

    /// Takes note of the response's head. False when the call ends with it.
    #[inline]
    pub(crate) fn responded<B: http_body::Body>(&mut self, response: &Response<B>) -> bool {
        self.code = code::of_headers(response.headers());
        if self.code.is_none() && response.status() != StatusCode::OK {
            self.code = Some(code::of_http(response.status()));
        }
        !response.body().is_end_stream()
    }

    /// Counts messages in a piece of the response's body.
    #[inline]
    pub(crate) fn data(&mut self, data: &impl bytes::Buf) {
        if self.config.messages > 0
            && let Some(span) = &self.span
        {
            let direction = self.config.side.of_responses();
            self.messages.read(data, |id, size| {
                direction.event(id, size, |name, attributes| span.event(name, attributes))
            });
        }
    }

    /// Ends the span. `tail` is where a status may be: trailers, or the headers of a response that has nothing else.
    #[inline]
    pub(crate) fn end(&mut self, outcome: Outcome, tail: Option<&HeaderMap>) {
        let Some(span) = self.span.take() else { return };
        let outcome = match outcome {
            Outcome::Complete(None) => Outcome::Complete(tail.and_then(code::of_headers)),
            outcome => outcome,
        };
        let deadline = self.deadline;
        let config = &*self.config;
        let ending = Ending::new(config.side, self.code, outcome, || deadline.is_some_and(Deadline::is_over));
        // Generated code answers so for a method that does not exist, and tonic for a service that does not.
        let is_headless = self.code == Some(Code::Unimplemented);
        let unknown = self.claim.take().filter(|_| is_headless && ending.code == Code::Unimplemented);
        #[cfg(feature = "metrics")]
        if let Some(mut measurement) = self.measurement.take() {
            if unknown.is_some() {
                measurement.method_is_unknown();
            }
            measurement.end(&ending);
        }
        span.end_with(|span| {
            if let Some(Claim(path)) = &unknown {
                span.name(GRPC).set(METHOD, OTHER).set(METHOD_ORIGINAL, method::original(path.path()));
            }
            if let Some(metadata) = tail.filter(|_| !config.response_metadata.is_empty()) {
                config.response_metadata.record(span, metadata);
            }
            let description = if config.status_messages { tail.and_then(description) } else { None };
            ending.record(span, description.as_deref().unwrap_or_default());
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Outcome::Dropped, None);
    }
}

/// `grpc-message`, decoded.
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

/// Ends the call when it is dropped armed, which happens only while a panic passes.
struct PanicGuard<'a> {
    call: &'a mut Call,
    is_armed: bool,
}

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if self.is_armed {
            self.call.end(Outcome::Panicked, None);
        }
    }
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
