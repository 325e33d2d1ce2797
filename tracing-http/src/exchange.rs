//! A request on its way, from its head to the last byte of its response.

use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::Body;
use opentelemetry::ContextGuard;
use opentelemetry::trace::TraceContextExt;
use tracing_core_lite::layer_support::BoxPool;
use tracing_core_lite::{Context, Recorder, Span, SpanContext};

use crate::ending::{Ending, Outcome, Side};
use crate::semconv::{RESPONSE_BODY_SIZE, STATUS_CODE};

/// The context that a request runs in, and its span as long as that is watched. Small, since it is moved with futures and
/// bodies.
///
/// Ends once; as [`Outcome::Cancelled`] when it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    context: Context,
    /// `None` when nothing is recorded, or all has been.
    watched: Option<Box<Watched>>,
}

/// What is left to be done of an exchange when the head of its response is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    /// The body, until its end.
    Body,
}

/// The exchange's context is current until this is left. Dropped without that, which happens only while a panic passes, it
/// ends the exchange.
///
/// Not a function around a closure: requests and responses, hundreds of bytes, would move into it and out of it.
///
/// The context is moved, not copied, into its place as the current one, and copied back only where it is needed again: most futures
/// are ready when they are first polled, and a request takes two atomic operations less.
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
    /// For responses that have no body, and for a name whose route is known late.
    method: Method,
    records_size: bool,
    /// Its size was known from the start: it is there already, and asking for it runs nothing that needs a context.
    has_sized_body: bool,
    status: Option<StatusCode>,
    sent: u64,
    /// How many bytes the body will have, if that is known. hyper drops a body after that many, without asking for more.
    expected: Option<u64>,
    #[cfg(feature = "metrics")]
    measurement: Option<Box<crate::server::Measurement>>,
}

/// What else is wanted of an exchange.
#[derive(Debug)]
pub(crate) struct Wants {
    /// Count the bytes of the response's body.
    pub(crate) body_size: bool,
    /// Measure it, recorded or not.
    #[cfg(feature = "metrics")]
    pub(crate) measurement: Option<Box<crate::server::Measurement>>,
}

impl Wants {
    fn any_measurement(&self) -> bool {
        #[cfg(feature = "metrics")]
        return self.measurement.is_some();
        #[cfg(not(feature = "metrics"))]
        return false;
    }
}

impl Exchange {
    #[inline]
    pub(crate) fn new(side: Side, span: Span, context: Context, method: &Method, wants: Wants) -> Self {
        if !span.is_recording() && !wants.any_measurement() {
            return Self::passed_on(context);
        }
        let watched = Watched {
            span: Some(span),
            side,
            method: method.clone(),
            records_size: wants.body_size,
            has_sized_body: false,
            status: None,
            sent: 0,
            expected: None,
            #[cfg(feature = "metrics")]
            measurement: wants.measurement,
        };
        Self { context, watched: Some(BoxPool::boxed(&POOL, watched)) }
    }

    /// An exchange of which nothing is recorded; its context is current all the same.
    #[inline]
    pub(crate) fn passed_on(context: Context) -> Self {
        Self { context, watched: None }
    }

    /// Whether anything is recorded of it or measured.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.watched.is_some()
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn measurement(&mut self) -> Option<&mut crate::server::Measurement> {
        self.watched.as_mut()?.measurement.as_deref_mut()
    }

    /// The ids of the span.
    pub(crate) fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    /// The method, of a request that is watched.
    pub(crate) fn method(&self) -> Option<&Method> {
        self.watched.as_ref().map(|watched| &watched.method)
    }

    /// Adds to the span, if it is recorded.
    #[inline]
    pub(crate) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(Watched { span: Some(span), .. }) = self.watched.as_deref() {
            span.record(write);
        }
    }

    /// Makes the exchange's context the current one.
    #[inline]
    pub(crate) fn enter(&mut self) -> Entered<'_> {
        let _attached = std::mem::take(&mut self.context).attach();
        Entered { unwinding: Unwinding(self), _attached }
    }

    /// Runs `work`, and ends the exchange if it panics.
    #[inline]
    pub(crate) fn watch<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let unwinding = Unwinding(self);
        let result = work();
        std::mem::forget(unwinding);
        result
    }

    /// Takes note of the response's head, whose body has that [exact size](exact_size), and ends the exchange if there is nothing more
    /// to come.
    #[inline]
    pub(crate) fn responded<B: Body>(&mut self, response: &Response<B>, exact: Option<u64>) -> Left {
        let (status, body) = (response.status(), response.body());
        let Some(watched) = &mut self.watched else {
            // A body whose size is known is there already: asking for it runs nothing that needs a context.
            return if exact.is_some() { Left::Nothing } else { Left::Body };
        };
        watched.status = Some(status);
        if watched.is_without_body(status) || body.is_end_stream() {
            self.end(Outcome::Complete);
            return Left::Nothing;
        }
        watched.has_sized_body = exact.is_some();
        watched.expected = exact.or_else(|| content_length(response.headers()));
        Left::Body
    }

    /// Whether the size of the body that is left was known from the start.
    #[inline]
    pub(crate) fn has_sized_body(&self) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.has_sized_body)
    }

    /// Counts bytes of the body.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        if let Some(watched) = &mut self.watched {
            watched.sent += bytes as u64;
        }
    }

    /// Ends the span.
    #[inline]
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(mut watched) = self.watched.take() {
            watched.end(outcome);
            BoxPool::keep(&POOL, watched);
        }
    }
}

thread_local! {
    static POOL: BoxPool<Watched> = const { BoxPool::new() };
}

impl Watched {
    /// Makes the span the one of `context` if it is not: what ran in it may have left a context of its own attached.
    #[inline]
    fn claim(&self, context: &mut Context) {
        if let Some(span) = &self.span
            && context.span().span_context().span_id() != span.span_context().span_id()
        {
            *context = span.in_context(context);
        }
    }

    fn is_without_body(&self, status: StatusCode) -> bool {
        self.method == Method::HEAD
            || (self.method == Method::CONNECT && status.is_success())
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }

    fn end(&mut self, outcome: Outcome) {
        let ending = Ending::new(self.side, self.status, outcome);
        #[cfg(feature = "metrics")]
        if let Some(measurement) = self.measurement.take() {
            measurement.end(self.status, ending.error_type());
        }
        let Some(span) = self.span.take() else { return };
        span.end_with(|span| {
            span.set_some(STATUS_CODE, self.status.map(|status| status.as_u16()));
            if self.records_size && self.status.is_some() {
                span.set(RESPONSE_BODY_SIZE, self.sent);
            }
            ending.record(span);
        });
    }
}

impl Drop for Exchange {
    #[inline]
    fn drop(&mut self) {
        if let Some(watched) = &self.watched {
            let is_complete = watched.expected.is_some_and(|expected| watched.sent >= expected);
            self.end(if is_complete { Outcome::Complete } else { Outcome::Cancelled });
        }
    }
}

impl Entered<'_> {
    /// Makes the context current again that was so before.
    #[inline]
    pub(crate) fn leave(self) {
        let exchange = &mut *self.unwinding.0;
        exchange.context = Context::current();
        if let Some(watched) = &exchange.watched {
            watched.claim(&mut exchange.context);
        }
        std::mem::forget(self.unwinding);
    }

    /// As [`leave`](Entered::leave), for an exchange whose context is not needed any more.
    #[inline]
    pub(crate) fn leave_for_good(self) {
        std::mem::forget(self.unwinding);
    }
}

/// Ends the exchange when it is dropped, which happens only while a panic passes.
struct Unwinding<'a>(&'a mut Exchange);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.end(Outcome::Panicked);
    }
}

/// The size of the response's body, if it is known.
#[inline]
pub(crate) fn exact_size<B: Body>(response: &Response<B>) -> Option<u64> {
    response.body().size_hint().exact()
}

/// The length of a body, as headers announce it.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
