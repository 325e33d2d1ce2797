//! The size of a trace as the Collector encodes it, which its `bytes_limiting` and `maximum_trace_size_bytes` compare.
//!
//! The Collector encodes the spans of one trace from one `ResourceSpans` of a request with their resource and scopes, without
//! schema URLs, and writes an empty resource, scope, parent and status. It therefore counts more than the spans alone.

/// The size of a trace so far.
#[derive(Debug, Clone, Default)]
pub(super) struct CollectorSize {
    /// The parts that are complete, without and with the field around each of them.
    inner: u64,
    outer: u64,
    /// The `ResourceSpans` and the scope of the last span, and their sizes so far.
    part: u64,
    scope: u32,
    resource_bytes: u64,
    scope_bytes: u64,
}

/// Where a span comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The number of the `ResourceSpans` among all that arrived; not 0.
    pub(super) part: u64,
    /// The number of the scope.
    pub(super) scope: u32,
    /// The encoded fields of the `ResourceSpans` and of the `ScopeSpans`, except their spans.
    pub(super) resource_head: &'a [u8],
    pub(super) scope_head: &'a [u8],
}

const RESOURCE: u32 = 1;
const SCOPE: u32 = 1;
const PARENT: u32 = 4;
const STATUS: u32 = 15;
/// The size of an empty message with its tag.
const EMPTY: u64 = 2;

impl CollectorSize {
    /// Adds an encoded span.
    pub(super) fn add(&mut self, span: &[u8], from: Origin<'_>) {
        if self.part != from.part {
            (self.inner, self.outer) = (self.inner(), self.outer());
            self.part = from.part;
            self.resource_bytes = field(from.resource_head, RESOURCE).unwrap_or(EMPTY);
            self.scope_bytes = 0;
        }
        if self.scope_bytes == 0 || self.scope != from.scope {
            self.resource_bytes = self.part_bytes();
            self.scope = from.scope;
            self.scope_bytes = field(from.scope_head, SCOPE).unwrap_or(EMPTY);
        }
        let absent = |number| if field(span, number).is_none() { EMPTY } else { 0 };
        self.scope_bytes += delimited(span.len() as u64 + absent(PARENT) + absent(STATUS));
    }

    /// Returns the sum of the sizes of all parts, which `maximum_trace_size_bytes` bounds.
    pub(super) fn inner(&self) -> u64 {
        self.inner + self.part_bytes()
    }

    /// Returns the size of a request with all parts, which `bytes_limiting` counts.
    pub(super) fn outer(&self) -> u64 {
        self.outer + if self.part == 0 { 0 } else { delimited(self.part_bytes()) }
    }

    fn part_bytes(&self) -> u64 {
        self.resource_bytes + if self.scope_bytes == 0 { 0 } else { delimited(self.scope_bytes) }
    }
}

/// Returns the size of a field with a one-byte tag and this many bytes.
fn delimited(bytes: u64) -> u64 {
    1 + u64::from((64 - (bytes | 1).leading_zeros()).div_ceil(7)) + bytes
}

/// Returns the size of the first field with this number, its tag included.
fn field(message: &[u8], wanted: u32) -> Option<u64> {
    let mut rest = message;
    while !rest.is_empty() {
        let before = rest.len();
        let tag = varint(&mut rest)?;
        let skipped = match tag & 7 {
            0 => varint(&mut rest).map(|_| 0)?,
            1 => 8,
            2 => usize::try_from(varint(&mut rest)?).ok()?,
            5 => 4,
            _ => return None,
        };
        rest = rest.get(skipped..)?;
        if tag >> 3 == u64::from(wanted) {
            return Some((before - rest.len()) as u64);
        }
    }
    None
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
