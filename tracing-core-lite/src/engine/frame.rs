//! Frames chunks as one `ExportTraceServiceRequest`: headers around bytes that are already there.

use bytes::{Bytes, BytesMut};
use opentelemetry::InstrumentationScope;

use super::Scopes;
use super::chunk::Chunk;
use crate::resource::Resource;
use crate::span::bytes::ByteBuf;
use crate::span::encode;
use crate::span::value::visit_otel;

/// Frames batches for one resource.
pub(crate) struct Framer {
    /// `ResourceSpans.resource`, as an encoded field.
    resource: ByteBuf,
    /// `ResourceSpans.schema_url`, as an encoded field.
    schema_url: ByteBuf,
    /// Reused from batch to batch, once the last one is gone.
    out: BytesMut,
    scopes: Vec<EncodedScope>,
}

/// The fields of a `ScopeSpans` around its spans.
#[derive(Default)]
struct EncodedScope {
    scope: ByteBuf,
    schema_url: ByteBuf,
    /// Bytes of this scope's spans in the batch at hand.
    spans: usize,
}

impl EncodedScope {
    fn len(&self) -> usize {
        self.scope.len() + self.spans + self.schema_url.len()
    }
}

impl Framer {
    pub(crate) fn new(resource: &Resource) -> Self {
        let mut content = ByteBuf::default();
        for (key, value) in resource.iter() {
            visit_otel(value, |value| {
                encode::put_key_value(&mut content, encode::length_tag(1), key.as_str(), &value, None);
            });
        }
        let mut encoded = ByteBuf::default();
        encode::put_bytes(&mut encoded, encode::length_tag(1), content.as_slice());
        Self {
            resource: encoded,
            schema_url: encode_text(3, resource.schema_url()),
            out: BytesMut::new(),
            scopes: Vec::new(),
        }
    }

    /// The request that holds the spans of `chunks`.
    pub(crate) fn frame(&mut self, chunks: &[Chunk], scopes: &Scopes) -> Bytes {
        self.measure(chunks, scopes);
        let used = || self.scopes.iter().enumerate().filter(|(_, scope)| scope.spans > 0);
        let content = self.resource.len()
            + self.schema_url.len()
            + used().map(|(_, scope)| encode::field_len(scope.len())).sum::<usize>();
        let out = &mut self.out;
        out.reserve(encode::field_len(content));
        put_length(out, 1, content);
        out.extend_from_slice(self.resource.as_slice());
        for (number, scope) in used() {
            put_length(out, 2, scope.len());
            out.extend_from_slice(scope.scope.as_slice());
            for (run_scope, bytes) in chunks.iter().flat_map(Chunk::runs) {
                if run_scope as usize == number {
                    out.extend_from_slice(bytes);
                }
            }
            out.extend_from_slice(scope.schema_url.as_slice());
        }
        out.extend_from_slice(self.schema_url.as_slice());
        out.split().freeze()
    }

    /// Adds up each scope's bytes, and encodes scopes that are new.
    fn measure(&mut self, chunks: &[Chunk], scopes: &Scopes) {
        self.scopes.iter_mut().for_each(|scope| scope.spans = 0);
        for (number, bytes) in chunks.iter().flat_map(Chunk::runs) {
            while self.scopes.len() <= number as usize {
                let next = scopes.get(self.scopes.len() as u32);
                self.scopes.push(next.map(|scope| encode_scope(&scope)).unwrap_or_default());
            }
            self.scopes[number as usize].spans += bytes.len();
        }
    }
}

fn put_length(out: &mut BytesMut, field: u8, len: usize) {
    let mut header = ByteBuf::default();
    encode::put_length(&mut header, encode::length_tag(field), len);
    out.extend_from_slice(header.as_slice());
}

fn encode_text(field: u8, text: Option<&str>) -> ByteBuf {
    let mut encoded = ByteBuf::default();
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        encode::put_bytes(&mut encoded, encode::length_tag(field), text.as_bytes());
    }
    encoded
}

fn encode_scope(scope: &InstrumentationScope) -> EncodedScope {
    let mut content = encode_text(1, Some(scope.name()));
    content.extend_from_slice(encode_text(2, scope.version()).as_slice());
    for attribute in scope.attributes() {
        visit_otel(&attribute.value, |value| {
            encode::put_key_value(&mut content, encode::length_tag(3), attribute.key.as_str(), &value, None);
        });
    }
    let mut encoded = ByteBuf::default();
    encode::put_bytes(&mut encoded, encode::length_tag(1), content.as_slice());
    EncodedScope { scope: encoded, schema_url: encode_text(3, scope.schema_url()), spans: 0 }
}
