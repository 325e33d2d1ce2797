//! One batch of finished spans, encoded once.

use bytes::Bytes;

use crate::span::data::{DecodeError, ResourceSpans};

/// Finished spans, encoded as one OTLP `ExportTraceServiceRequest` (protobuf).
#[derive(Debug, Clone)]
pub struct Batch {
    request: Bytes,
    span_count: usize,
}

impl Batch {
    /// Wraps an encoded `ExportTraceServiceRequest` that holds `span_count` spans.
    #[must_use]
    pub fn new(request: Bytes, span_count: usize) -> Self {
        Self { request, span_count }
    }

    /// The encoded request.
    #[must_use]
    pub fn request(&self) -> &Bytes {
        &self.request
    }

    /// How many spans it holds.
    #[must_use]
    pub fn span_count(&self) -> usize {
        self.span_count
    }

    /// The spans as structs, for exporters that look at them.
    ///
    /// # Errors
    /// When the bytes are not a valid request, which only [`Batch::new`] with foreign bytes can bring about.
    pub fn decode(&self) -> Result<Vec<ResourceSpans>, DecodeError> {
        crate::span::data::decode_request(&self.request)
    }
}
