//! The duration of requests, read from the spans that are exported.

use std::time::Duration;

use crate::pipeline::batch::Batch;
use crate::span::data::DecodeError;
use crate::wire::Fields;

/// One of so many batches is read.
const EVERY: u32 = 16;

/// The span has a remote parent (`SpanFlags` of OTLP).
const IS_REMOTE: u32 = 0x200;

/// Sums up the duration of the sampled spans without a local parent.
#[derive(Debug, Default)]
pub(super) struct RequestDurations {
    batches: u32,
    /// Spans since the last batch that was read.
    spans: usize,
}

impl RequestDurations {
    /// Returns the duration of the requests in the batches since the last call that returned one, extrapolated from this
    /// batch. Most batches are not read. The first one is.
    pub(super) fn of_batch(&mut self, batch: &Batch) -> Option<Duration> {
        self.spans += batch.span_count();
        let is_read = self.batches.is_multiple_of(EVERY);
        self.batches = self.batches.wrapping_add(1);
        if !is_read || batch.span_count() == 0 {
            return None;
        }
        let factor = std::mem::take(&mut self.spans) as f64 / batch.span_count() as f64;
        let mut nanos: u64 = 0;
        let read = batch.any_span(|span| {
            nanos = nanos.saturating_add(request_nanos(span).unwrap_or(0));
            false
        });
        // A malformed batch has no requests.
        read.ok().map(|_| Duration::from_nanos(nanos).mul_f64(factor))
    }
}

/// Returns the duration of an encoded span in nanoseconds if it is a request.
fn request_nanos(span: &[u8]) -> Result<u64, DecodeError> {
    let (mut start, mut end, mut flags, mut has_parent) = (0, 0, 0, false);
    let mut fields = Fields::of(span);
    while let Some((number, field)) = fields.next()? {
        match number {
            4 => has_parent = true,
            7 => start = field.fixed64()?,
            8 => end = field.fixed64()?,
            16 => flags = field.fixed32()?,
            _ => {}
        }
    }
    let is_request = !has_parent || flags & IS_REMOTE != 0;
    Ok(if is_request { u64::saturating_sub(end, start) } else { 0 })
}
