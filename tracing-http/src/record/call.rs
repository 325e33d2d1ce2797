//! What is kept of a request until its response has ended.

use std::thread::LocalKey;

use bytes::Buf;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::Body;
use tracing_core_lite::Span;
use tracing_core_lite::layer_support::BoxPool;
use tracing_core_lite::tower::{AfterHead, CallPool, End, Protocol};

use super::ending::{Ending, Side};
use super::error_type;
use super::semconv::{RESPONSE_BODY_SIZE, STATUS_CODE};

/// What the layers keep of a request until its response has ended.
#[derive(Debug)]
pub struct HttpCall {
    side: Side,
    /// Decides whether the response has a body, and is part of the span's name if the route is known late.
    method: Method,
    records_size: bool,
    /// A body of known size exists already: polling it runs no code that needs a context.
    has_sized_body: bool,
    status: Option<StatusCode>,
    received: u64,
    /// The size of the body if it is known. hyper drops a body after that many bytes without asking for more.
    expected: Option<u64>,
    #[cfg(feature = "metrics")]
    pub(crate) measurement: Option<Box<super::metrics::Measurement>>,
}

impl HttpCall {
    #[inline]
    pub(crate) fn new(side: Side, method: &Method, records_size: bool) -> Self {
        Self {
            side,
            method: method.clone(),
            records_size,
            has_sized_body: false,
            status: None,
            received: 0,
            expected: None,
            #[cfg(feature = "metrics")]
            measurement: None,
        }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    fn has_no_body(&self, status: StatusCode) -> bool {
        self.method == Method::HEAD
            || (self.method == Method::CONNECT && status.is_success())
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

thread_local! {
    static POOL: CallPool<HttpCall> = const { BoxPool::new() };
}

impl Protocol for HttpCall {
    type Error = &'static str;

    #[inline]
    fn pool() -> &'static LocalKey<CallPool<Self>> {
        &POOL
    }

    fn error_of<E: 'static>(error: &E) -> &'static str {
        error_type::of_any(error)
    }

    #[inline]
    fn after_head<B: Body>(call: Option<&mut Self>, response: &Response<B>) -> AfterHead {
        let body = response.body();
        let size = body.size_hint().exact();
        let Some(call) = call else {
            return if size.is_some() { AfterHead::Done } else { AfterHead::Body };
        };
        let status = response.status();
        call.status = Some(status);
        if call.has_no_body(status) || body.is_end_stream() {
            return AfterHead::Done;
        }
        call.has_sized_body = size.is_some();
        call.expected = size.or_else(|| content_length(response.headers()));
        AfterHead::Body
    }

    #[inline]
    fn makes_body(&self) -> bool {
        self.side == Side::Server && !self.has_sized_body
    }

    #[inline]
    fn on_data(&mut self, _span: Option<&Span>, data: &impl Buf) {
        self.received += data.remaining() as u64;
    }

    #[inline]
    fn is_complete(&self) -> bool {
        self.expected.is_some_and(|expected| self.received >= expected)
    }

    fn end(&mut self, span: Option<Span>, end: End<'_, &'static str>) {
        let ending = Ending::new(self.side, self.status, end);
        #[cfg(feature = "metrics")]
        if let Some(measurement) = self.measurement.take() {
            measurement.end(self.status, ending.error_type(), span.as_ref().map(Span::span_context));
        }
        let Some(span) = span else { return };
        span.end_with(|span| {
            span.set_some(STATUS_CODE, self.status.map(|status| status.as_u16()));
            if self.records_size && self.status.is_some() {
                span.set(RESPONSE_BODY_SIZE, self.received);
            }
            ending.record(span);
        });
    }
}

/// Returns the length of a body as its headers announce it.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
