//! How much a span may hold.

/// How much one span may hold. What exceeds a limit is dropped and counted in the span's `dropped_*_count`.
///
/// The environment variables and defaults are those of the OpenTelemetry specification ("Span Limits"), except
/// [`span_bytes`](SpanLimits::span_bytes), which is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanLimits {
    /// Attributes of a span. `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, else `OTEL_ATTRIBUTE_COUNT_LIMIT`; 128.
    pub attributes: u32,
    /// Characters of a string value; longer ones are cut. `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, else
    /// `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`; no limit.
    pub value_length: Option<usize>,
    /// Events of a span. `OTEL_SPAN_EVENT_COUNT_LIMIT`; 128.
    pub events: u32,
    /// Links of a span. `OTEL_SPAN_LINK_COUNT_LIMIT`; 128.
    pub links: u32,
    /// Attributes of one event. `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`; 128.
    pub attributes_per_event: u32,
    /// Attributes of one link. `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`; 128.
    pub attributes_per_link: u32,
    /// Bytes that all attributes, events and links of a span may take together once encoded; 262,144 (256 KiB).
    pub span_bytes: usize,
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self {
            attributes: 128,
            value_length: None,
            events: 128,
            links: 128,
            attributes_per_event: 128,
            attributes_per_link: 128,
            span_bytes: 256 * 1024,
        }
    }
}
