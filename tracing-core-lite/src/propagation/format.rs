//! The trait for wire formats.

use std::fmt::Debug;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

#[cfg(feature = "http")]
use super::HeaderScan;
use super::{Extract, Extracted, Inject};

/// One wire format, such as [`TraceContext`](super::TraceContext) or [`W3cBaggage`](super::W3cBaggage).
pub trait Format: Send + Sync + Debug {
    /// Returns the header names that it reads or writes, in lower case.
    fn fields(&self) -> &[&'static str];

    /// Returns the starts of the names of headers that it reads or writes for each key of baggage, in lower case. None by
    /// default.
    fn prefixes(&self) -> &[&'static str] {
        &[]
    }

    /// Returns the name of the format in `OTEL_PROPAGATORS`, or another one. Links to spans that only this format names
    /// have it as an attribute.
    fn name(&self) -> &'static str {
        "other"
    }

    /// Returns whether one scan of a carrier finds all headers of this format.
    #[doc(hidden)]
    fn is_scanned(&self) -> bool {
        false
    }

    /// Reads values from `carrier` into `into`, and ignores what is malformed. It must not panic, whatever the carrier
    /// holds.
    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted);

    /// Like [`extract`](Format::extract), for the headers of a request. Formats that read a header map faster than
    /// other carriers can implement it.
    #[cfg(feature = "http")]
    #[doc(hidden)]
    fn extract_headers(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        self.extract(headers, into);
    }

    /// Writes `span_context` and values of `context` to `carrier`. If there is nothing to write, it removes its
    /// headers, so that none of an earlier hop is left. It never fails: what cannot be sent is left out.
    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject);
}
