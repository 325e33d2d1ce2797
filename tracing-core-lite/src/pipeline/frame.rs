//! Frames chunks as one `ExportTraceServiceRequest`: adds headers around bytes that are already encoded.

use std::ops::Range;

use opentelemetry::{InstrumentationScope, Key, Value as OtelValue};

use crate::buffer::Chunk;
use crate::span::encode;
use crate::span::scopes::Scopes;
use crate::span::value::visit_otel;
use crate::wire::{self, ByteBuf};

/// Shorter runs of bytes are copied between the headers, because a separate slice costs more to send.
const SMALL_RUN: usize = 1024;

/// One encoded request, as several slices.
#[derive(Debug)]
pub(crate) struct Frame {
    chunks: Vec<Chunk>,
    slices: Slices,
    len: usize,
}

#[derive(Debug, Default)]
struct Slices {
    list: Vec<Slice>,
    /// Headers and short runs.
    owned: ByteBuf,
    /// The start of the owned bytes that do not belong to a slice yet.
    start: usize,
}

#[derive(Debug)]
enum Slice {
    Owned(Range<usize>),
    /// A range of the chunk with this number.
    Chunk(usize, Range<usize>),
}

impl Frame {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.slices.list.iter().map(|slice| match slice {
            Slice::Owned(range) => &self.slices.owned.as_slice()[range.clone()],
            Slice::Chunk(chunk, range) => &self.chunks[*chunk].as_slice()[range.clone()],
        })
    }

    pub(crate) fn into_chunks(self) -> Vec<Chunk> {
        self.chunks
    }

    /// Returns the encoded spans of each run, as `spans` fields of a `ScopeSpans`.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().flat_map(|chunk| chunk.runs().map(|(_, run)| &chunk.as_slice()[run]))
    }
}

impl Slices {
    fn push_run(&mut self, number: usize, chunk: &Chunk, run: Range<usize>) {
        if run.len() < SMALL_RUN {
            self.owned.extend_from_slice(&chunk.as_slice()[run]);
        } else {
            self.end_owned();
            self.list.push(Slice::Chunk(number, run));
        }
    }

    fn end_owned(&mut self) {
        if self.start < self.owned.len() {
            self.list.push(Slice::Owned(self.start..self.owned.len()));
            self.start = self.owned.len();
        }
    }
}

/// Frames batches for one resource.
pub(crate) struct Framer {
    /// `ResourceSpans.resource`, as an encoded field.
    resource: ByteBuf,
    /// `ResourceSpans.schema_url`, as an encoded field.
    schema_url: ByteBuf,
    scopes: Vec<EncodedScope>,
}

/// The fields of a `ScopeSpans` around its spans.
#[derive(Default)]
struct EncodedScope {
    scope: ByteBuf,
    schema_url: ByteBuf,
    /// The bytes of this scope's spans in the current batch.
    spans: usize,
}

impl EncodedScope {
    fn len(&self) -> usize {
        self.scope.len() + self.spans + self.schema_url.len()
    }
}

impl Framer {
    /// Creates a framer for the resource with these attributes.
    pub(crate) fn new<'a>(
        resource: impl IntoIterator<Item = (&'a Key, &'a OtelValue)>,
        schema_url: Option<&str>,
    ) -> Self {
        let mut content = ByteBuf::default();
        for (key, value) in resource {
            visit_otel(value, |value| {
                encode::put_key_value(&mut content, wire::length_tag(1), key.as_str(), &value, None);
            });
        }
        let mut encoded = ByteBuf::default();
        wire::put_bytes(&mut encoded, wire::length_tag(1), content.as_slice());
        Self { resource: encoded, schema_url: encode_text(3, schema_url), scopes: Vec::new() }
    }

    /// Returns `ResourceSpans.resource`, as an encoded field.
    pub(crate) fn resource(&self) -> &[u8] {
        self.resource.as_slice()
    }

    /// Returns the request that holds the spans of `chunks`.
    pub(crate) fn frame(&mut self, chunks: Vec<Chunk>, scopes: &Scopes) -> Frame {
        self.measure(&chunks, scopes);
        let used = || self.scopes.iter().enumerate().filter(|(_, scope)| scope.spans > 0);
        let content = self.resource.len()
            + self.schema_url.len()
            + used().map(|(_, scope)| wire::field_len(scope.len())).sum::<usize>();
        let runs = chunks.iter().flat_map(Chunk::runs).map(|(_, run)| run.len());
        let len = wire::field_len(content);
        let mut slices = Slices::default();
        slices.owned.reserve(len - runs.filter(|run| *run >= SMALL_RUN).sum::<usize>());
        wire::put_length(&mut slices.owned, wire::length_tag(1), content);
        slices.owned.extend_from_slice(self.resource.as_slice());
        for (number, scope) in used() {
            wire::put_length(&mut slices.owned, wire::length_tag(2), scope.len());
            slices.owned.extend_from_slice(scope.scope.as_slice());
            for (index, chunk) in chunks.iter().enumerate() {
                for (_, run) in chunk.runs().filter(|(scope, _)| *scope as usize == number) {
                    slices.push_run(index, chunk, run);
                }
            }
            slices.owned.extend_from_slice(scope.schema_url.as_slice());
        }
        slices.owned.extend_from_slice(self.schema_url.as_slice());
        slices.end_owned();
        Frame { chunks, slices, len }
    }

    /// Adds up the bytes of each scope, and encodes new scopes.
    fn measure(&mut self, chunks: &[Chunk], scopes: &Scopes) {
        self.scopes.iter_mut().for_each(|scope| scope.spans = 0);
        for (number, run) in chunks.iter().flat_map(Chunk::runs) {
            while self.scopes.len() <= number as usize {
                let next = scopes.get(self.scopes.len() as u32);
                self.scopes.push(next.map(|scope| encode_scope(&scope)).unwrap_or_default());
            }
            self.scopes[number as usize].spans += run.len();
        }
    }
}

fn encode_text(field: u8, text: Option<&str>) -> ByteBuf {
    let mut encoded = ByteBuf::default();
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        wire::put_bytes(&mut encoded, wire::length_tag(field), text.as_bytes());
    }
    encoded
}

fn encode_scope(scope: &InstrumentationScope) -> EncodedScope {
    let mut content = encode_text(1, Some(scope.name()));
    content.extend_from_slice(encode_text(2, scope.version()).as_slice());
    for attribute in scope.attributes() {
        visit_otel(&attribute.value, |value| {
            encode::put_key_value(&mut content, wire::length_tag(3), attribute.key.as_str(), &value, None);
        });
    }
    let mut encoded = ByteBuf::default();
    wire::put_bytes(&mut encoded, wire::length_tag(1), content.as_slice());
    EncodedScope { scope: encoded, schema_url: encode_text(3, scope.schema_url()), spans: 0 }
}
