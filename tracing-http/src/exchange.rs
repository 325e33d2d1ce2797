//! A request on its way, from its head to the last byte of its response.

use http::{HeaderMap, Method, StatusCode, header};
use tracing_core_lite::{Context, Recorder, Span, SpanContext};

use crate::ending::{Ending, Outcome, Side};
use crate::semconv::{RESPONSE_BODY_SIZE, STATUS_CODE};

/// The span of a request and what has to be known to end it. Ends once; as [`Outcome::Cancelled`] when it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// `None` when the exchange has ended, or is but passed on.
    span: Option<Span>,
    context: Context,
    side: Side,
    is_head: bool,
    is_connect: bool,
    records_size: bool,
    status: Option<StatusCode>,
    sent: u64,
    /// How many bytes the body will have, if that is known. hyper drops a body after that many, without asking for more.
    expected: Option<u64>,
    #[cfg(feature = "metrics")]
    measurement: Option<Box<crate::server::Measurement>>,
}

impl Exchange {
    pub(crate) fn new(side: Side, span: Span, context: Context, method: &Method) -> Self {
        let mut exchange = Self::passed_on(side, context);
        exchange.span = Some(span);
        exchange.is_head = *method == Method::HEAD;
        exchange.is_connect = *method == Method::CONNECT;
        exchange
    }

    /// An exchange without a span, whose context is current all the same.
    pub(crate) fn passed_on(side: Side, context: Context) -> Self {
        Self {
            span: None,
            context,
            side,
            is_head: false,
            is_connect: false,
            records_size: false,
            status: None,
            sent: 0,
            expected: None,
            #[cfg(feature = "metrics")]
            measurement: None,
        }
    }

    /// Counts the bytes of the response's body.
    pub(crate) fn record_size(&mut self, records_size: bool) {
        self.records_size = records_size;
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn measure(&mut self, measurement: crate::server::Measurement) {
        self.measurement = Some(Box::new(measurement));
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn measurement(&mut self) -> Option<&mut crate::server::Measurement> {
        self.measurement.as_deref_mut()
    }

    /// The ids of the span, until it has ended.
    pub(crate) fn span_context(&self) -> Option<&SpanContext> {
        self.span.as_ref().map(Span::span_context)
    }

    /// Adds to the span, if it is recorded.
    #[inline]
    pub(crate) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = &self.span {
            span.record(write);
        }
    }

    /// Runs `work` in the exchange's context, and ends the exchange if it panics.
    #[inline]
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let attached = self.context.clone().attach();
        let unwinding = Unwinding(self);
        let result = work();
        std::mem::forget(unwinding);
        drop(attached);
        result
    }

    /// Takes note of the response's head. False when the exchange ends with it.
    #[inline]
    pub(crate) fn responded(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &impl http_body::Body,
    ) -> bool {
        self.status = Some(status);
        let is_without_body = self.is_head
            || (self.is_connect && status.is_success())
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || body.is_end_stream();
        if is_without_body {
            return false;
        }
        self.expected = content_length(headers).or_else(|| body.size_hint().exact());
        true
    }

    /// Counts bytes of the body.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Ends the span.
    #[inline]
    pub(crate) fn end(mut self, outcome: Outcome) {
        self.end_by_reference(outcome);
    }

    fn end_by_reference(&mut self, outcome: Outcome) {
        let Some(span) = self.span.take() else { return };
        let ending = Ending::new(self.side, self.status, outcome);
        #[cfg(feature = "metrics")]
        if let Some(measurement) = self.measurement.take() {
            measurement.end(self.status, ending.error_type());
        }
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
    fn drop(&mut self) {
        if self.span.is_some() {
            let is_complete = self.expected.is_some_and(|expected| self.sent >= expected);
            self.end_by_reference(if is_complete { Outcome::Complete } else { Outcome::Cancelled });
        }
    }
}

/// Ends the exchange when it is dropped, which happens only while a panic passes.
struct Unwinding<'a>(&'a mut Exchange);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.end_by_reference(Outcome::Panicked);
    }
}

/// The length of a body, as headers announce it.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
