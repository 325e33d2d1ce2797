//! A batch of finished spans, encoded once.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::frame::Frame;
use super::view::RequestView;
use crate::buffer::Chunk;
use crate::span::data::{DecodeError, ResourceSpans};
use crate::wire::Fields;

/// Finished spans, encoded as one OTLP `ExportTraceServiceRequest` (protobuf).
///
/// Clones share the encoded bytes.
#[derive(Debug, Clone)]
pub struct Batch {
    request: Request,
    span_count: usize,
}

#[derive(Debug, Clone)]
enum Request {
    Whole(Bytes),
    /// The chunks from the threads, and the contiguous copy once it has been requested.
    Framed(Arc<(Frame, OnceLock<Bytes>)>),
}

impl Batch {
    /// Wraps an encoded `ExportTraceServiceRequest` that holds `span_count` spans.
    #[must_use]
    pub fn new(request: Bytes, span_count: usize) -> Self {
        Self { request: Request::Whole(request), span_count }
    }

    pub(crate) fn framed(frame: Frame, span_count: usize) -> Self {
        Self { request: Request::Framed(Arc::new((frame, OnceLock::new()))), span_count }
    }

    /// Returns the encoded request as one slice. For a batch of the export thread, the first call copies.
    #[must_use]
    pub fn request(&self) -> &Bytes {
        match &self.request {
            Request::Whole(request) => request,
            Request::Framed(framed) => framed.1.get_or_init(|| {
                let mut whole = Vec::with_capacity(framed.0.len());
                framed.0.slices().for_each(|piece| whole.extend_from_slice(piece));
                whole.into()
            }),
        }
    }

    /// Returns the encoded request as slices, without a copy, for exporters that can send them one after the other.
    pub fn slices(&self) -> impl Iterator<Item = &[u8]> {
        let (whole, framed) = match &self.request {
            Request::Whole(request) => (Some(&request[..]), None),
            Request::Framed(framed) => (None, Some(framed.0.slices())),
        };
        whole.into_iter().chain(framed.into_iter().flatten())
    }

    /// Returns the length of the encoded request, in bytes.
    #[must_use]
    pub fn request_len(&self) -> usize {
        match &self.request {
            Request::Whole(request) => request.len(),
            Request::Framed(framed) => framed.0.len(),
        }
    }

    /// Returns the number of spans in the batch.
    #[must_use]
    pub fn span_count(&self) -> usize {
        self.span_count
    }

    /// Decodes the spans, for exporters that inspect them.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a valid request, which only happens if they were passed to [`Batch::new`].
    pub fn decode(&self) -> Result<Vec<ResourceSpans>, DecodeError> {
        crate::span::data::decode_request(self.request())
    }

    /// Returns whether `accepts` returns true for one of the encoded spans. Does not copy, and stops at the first one.
    ///
    /// # Errors
    /// Returns an error if the batch is malformed.
    pub(crate) fn any_span(&self, mut accepts: impl FnMut(&[u8]) -> bool) -> Result<bool, DecodeError> {
        match &self.request {
            Request::Whole(request) => {
                for resource in RequestView::new(request).resources() {
                    for scope in resource?.scopes() {
                        for span in scope?.spans() {
                            if accepts(span?.bytes()) {
                                return Ok(true);
                            }
                        }
                    }
                }
            }
            Request::Framed(framed) => {
                for run in framed.0.runs() {
                    let mut spans = Fields::of(run);
                    while let Some((_, span)) = spans.next()? {
                        if accepts(span.bytes()?) {
                            return Ok(true);
                        }
                    }
                }
            }
        }
        Ok(false)
    }

    /// Returns the chunks of the batch, unless a clone of it exists.
    pub(crate) fn into_chunks(self) -> Vec<Chunk> {
        match self.request {
            Request::Whole(_) => Vec::new(),
            Request::Framed(framed) => {
                Arc::into_inner(framed).map(|(frame, _)| frame.into_chunks()).unwrap_or_default()
            }
        }
    }
}
