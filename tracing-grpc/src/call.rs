//! A call on its way, from its request to its trailers.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Buf;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use opentelemetry::ContextGuard;
use tonic::Code;
use tracing_core_lite::layer_support::BoxPool;
use tracing_core_lite::{Context, Span};

use crate::ahead::Ahead;
#[cfg(feature = "metrics")]
use crate::callee::Callee;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::ending::{Ending, Outcome, Side};
use crate::head::{RequestHead, ResponseHead};
use crate::hooks::OnResponse;
use crate::messages::Messages;
use crate::method::{Claim, Method};
use crate::semconv::{GRPC, METHOD, METHOD_ORIGINAL, OTHER};
use crate::{address, code, error_code};

/// Longest description of a status, in bytes as they travel.
const LONGEST_MESSAGE: usize = 1024;

/// The context that a call runs in, and its span as long as that is watched. Small, since it is moved with futures and
/// bodies.
///
/// Ends once; when it is dropped, as given up.
#[derive(Debug)]
pub struct Call {
    context: Context,
    /// `None` when nothing is recorded, or all has been.
    watched: Option<Box<Watched>>,
}

/// The call's context is current until this is left. Dropped without that, which happens only while a panic passes, it ends
/// the call.
///
/// Not a function around a closure: requests and responses, hundreds of bytes, would move into it and out of it. And not larger than
/// two words, which are moved in registers.
#[must_use = "it has to be left"]
pub(crate) struct Entered<'a> {
    // First, so that a panic ends the span in its context.
    unwinding: Unwinding<'a>,
    _attached: ContextGuard,
}

/// A span and what has to be known to end it.
#[derive(Debug)]
struct Watched {
    /// `None` when it has ended.
    span: Option<Span>,
    side: Side,
    tells_message: bool,
    /// The status that the response's head tells, if it does.
    code: Option<Code>,
    claim: Option<Claim>,
    deadline: Option<Deadline>,
    messages: Messages,
    /// Only if metadata of the response is wanted: to count a reference is an atomic operation.
    captures: Option<Arc<Config>>,
    #[cfg(feature = "metrics")]
    measurement: Option<Box<crate::metrics::Measurement>>,
}

impl Call {
    /// A call that is but passed on: its context is current, and nothing is recorded.
    #[inline]
    pub(crate) fn passed_on(context: Context) -> Self {
        Self { context, watched: None }
    }

    /// A call that is recorded in `span`, if that is, and measured, if that is wanted.
    #[inline]
    pub(crate) fn new(
        config: &Arc<Config>,
        span: Span,
        context: Context,
        #[cfg_attr(not(feature = "metrics"), allow(unused_variables))] request: &RequestHead<'_>,
        method: Method<'_>,
        timeout: Option<&HeaderValue>,
    ) -> Self {
        let is_watched = span.is_recording() || config.is_measured();
        let watched = is_watched.then(|| {
            let watched = Watched {
                span: Some(span),
                side: config.side,
                tells_message: config.status_messages,
                code: None,
                claim: method.claim(),
                deadline: timeout.and_then(Deadline::of),
                messages: Messages::new(config.messages),
                captures: (!config.response_metadata.is_empty()).then(|| Arc::clone(config)),
                #[cfg(feature = "metrics")]
                measurement: config.metrics.as_ref().map(|metrics| {
                    Box::new(metrics.start(method.name(), Callee::of(config, request.uri()).parse()))
                }),
            };
            BoxPool::boxed(&POOL, watched)
        });
        Self { context, watched }
    }

    /// Whether its span is recorded.
    pub(crate) fn is_recorded(&self) -> bool {
        let span = self.watched.as_ref().and_then(|watched| watched.span.as_ref());
        span.is_some_and(Span::is_recording)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the call's context the current one.
    #[inline]
    pub(crate) fn enter(&mut self) -> Entered<'_> {
        let _attached = self.context.clone().attach();
        Entered { unwinding: Unwinding(self), _attached }
    }

    /// Runs `work`, and ends the call if it panics.
    #[inline]
    pub(crate) fn watch<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let unwinding = Unwinding(self);
        let result = work();
        std::mem::forget(unwinding);
        result
    }

    /// Whether the body of the response is read, as a client's is, and not made: nothing of the user's runs in there that would look for
    /// the context.
    #[inline]
    pub(crate) fn reads_body(&self) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.side.is_client())
    }

    /// Takes note of the response's head. False when there is nothing left to be done with its body.
    #[inline]
    pub(crate) fn responded<B: Body>(
        &mut self,
        side: Side,
        response: &Response<B>,
        on_response: &impl OnResponse,
        ahead: Option<&Ahead>,
    ) -> bool {
        let is_complete = ahead.map_or_else(|| response.body().is_end_stream(), Ahead::is_all);
        let Some(watched) = &mut self.watched else {
            return !is_complete && !side.is_client();
        };
        watched.responded(response, on_response);
        match ahead {
            Some(ahead) => ahead.tell(self),
            None if is_complete => self.trailers(response.headers()),
            None => {}
        }
        !is_complete
    }

    /// Ends the span of a call that has nothing more to say.
    #[inline]
    pub(crate) fn complete(&mut self) {
        self.end(Outcome::Complete(None), None);
    }

    /// Ends the span with the status in `trailers`.
    #[inline]
    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        self.end(Outcome::Complete(None), Some(trailers));
    }

    /// Ends the span with what `error` amounts to.
    #[inline]
    pub(crate) fn failed<E: 'static>(&mut self, error: &E) {
        self.end(Outcome::Failed(error_code::of_any(error)), None);
    }

    /// Counts messages in a piece of the response's body.
    #[inline]
    pub(crate) fn data(&mut self, data: &impl Buf) {
        if let Some(watched) = &mut self.watched
            && watched.messages.are_wanted()
        {
            let Watched { span: Some(span), side, messages, .. } = &mut **watched else { return };
            let direction = side.of_responses();
            messages.read(data, |id, size| {
                direction.event(id, size, |name, attributes| span.add_event(name, attributes))
            });
        }
    }

    /// Ends the span. `tail` is where a status may be: trailers, or the headers of a response that has nothing else.
    #[inline]
    pub(crate) fn end(&mut self, outcome: Outcome, tail: Option<&HeaderMap>) {
        if let Some(mut watched) = self.watched.take() {
            // The context shares the span, and to end it as its only owner takes no lock.
            self.context = Context::new();
            watched.end(outcome, tail);
            BoxPool::keep(&POOL, watched);
        }
    }
}

thread_local! {
    static POOL: BoxPool<Watched> = const { BoxPool::new() };
}

impl Watched {
    fn responded<B>(&mut self, response: &Response<B>, on_response: &impl OnResponse) {
        // The address that a client learns by connecting; a server knows its own from the request.
        let peer = if self.side.is_client() { address::peer(response.extensions()) } else { None };
        if peer.is_some() || self.captures.is_some() || on_response.is_set() {
            let Some(span) = &self.span else { return };
            span.record(|span| {
                if let Some(peer) = peer {
                    address::record_peer(span, peer);
                }
                if let Some(config) = &self.captures {
                    config.response_metadata.record(span, response.headers());
                }
                on_response.on_response(&ResponseHead::of(response), span);
            });
        }
        self.code = code::of_headers(response.headers());
        if self.code.is_none() && response.status() != StatusCode::OK {
            self.code = Some(code::of_http(response.status()));
        }
    }

    fn end(&mut self, outcome: Outcome, tail: Option<&HeaderMap>) {
        let outcome = match outcome {
            Outcome::Complete(None) => Outcome::Complete(tail.and_then(code::of_headers)),
            outcome => outcome,
        };
        let ending =
            Ending::new(self.side, self.code, outcome, || self.deadline.is_some_and(Deadline::is_over));
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
        let captures = self.captures.take();
        let Some(span) = self.span.take() else { return };
        span.end_with(|span| {
            if let Some(claim) = &unknown {
                span.set_name(GRPC).set(METHOD, OTHER).set(METHOD_ORIGINAL, claim.as_str());
            }
            if let (Some(config), Some(metadata)) = (&captures, tail) {
                config.response_metadata.record(span, metadata);
            }
            let description = if self.tells_message { tail.and_then(description) } else { None };
            ending.record(span, description.as_deref().unwrap_or_default());
        });
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if self.watched.is_some() {
            self.end(Outcome::Dropped, None);
        }
    }
}

impl Entered<'_> {
    /// Makes the context current again that was so before.
    #[inline]
    pub(crate) fn leave(self) {
        std::mem::forget(self.unwinding);
    }
}

/// Ends the call when it is dropped, which happens only while a panic passes.
struct Unwinding<'a>(&'a mut Call);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.end(Outcome::Panicked, None);
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
