//! The seam for wire formats.

use std::fmt::Debug;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

#[cfg(feature = "http")]
use super::HeaderScan;
use super::{Extract, Extracted, Inject};

/// One wire format, such as [`TraceContext`](super::TraceContext) or [`W3cBaggage`](super::W3cBaggage).
pub trait Format: Send + Sync + Debug {
    /// The header names that it reads or writes, in lower case.
    fn fields(&self) -> &[&'static str];

    /// Reads what it can from `carrier` into `into`; leaves alone what it cannot read. It must not panic, whatever the
    /// carrier holds, and it trusts nothing.
    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted);

    /// As [`extract`](Format::extract), from the headers of a request: for formats that read the header map more quickly when
    /// they know that it is one.
    #[cfg(feature = "http")]
    #[doc(hidden)]
    fn extract_headers(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        self.extract(headers, into);
    }

    /// Writes `span_context`, or what `context` holds beside it, to `carrier`. With nothing to write it removes its
    /// headers, so that none is left from an earlier hop. It never fails: what cannot be sent is left out.
    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject);
}
