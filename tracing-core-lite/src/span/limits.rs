//! Limits of a span.

/// The limits of a span. Data beyond a limit is dropped and counted in the span's `dropped_*_count`.
///
/// The environment variables and defaults are those of the OpenTelemetry specification ("Span Limits"), except
/// [`span_bytes`](SpanLimits::span_bytes), which is ours.
///
/// ```
/// use tracing_core_lite::span::SpanLimits;
///
/// let limits = SpanLimits::default().with_attributes(64).with_value_length(Some(1024));
/// assert_eq!(limits.events, 128);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanLimits {
    /// The maximum number of attributes of a span: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` or `OTEL_ATTRIBUTE_COUNT_LIMIT`,
    /// 128 by default.
    pub attributes: u32,
    /// The maximum number of characters of a string value, which is cut there: `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`
    /// or `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, no limit by default.
    pub value_length: Option<usize>,
    /// The maximum number of events of a span: `OTEL_SPAN_EVENT_COUNT_LIMIT`, 128 by default.
    pub events: u32,
    /// The maximum number of links of a span: `OTEL_SPAN_LINK_COUNT_LIMIT`, 128 by default.
    pub links: u32,
    /// The maximum number of attributes of an event: `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`, 128 by default.
    pub attributes_per_event: u32,
    /// The maximum number of attributes of a link: `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`, 128 by default.
    pub attributes_per_link: u32,
    /// The maximum number of bytes that all attributes, events and links of a span take once encoded: 262,144 (256 KiB)
    /// by default.
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

impl SpanLimits {
    /// Sets the maximum number of attributes of a span.
    #[must_use]
    pub fn with_attributes(mut self, attributes: u32) -> Self {
        self.attributes = attributes;
        self
    }

    /// Sets the maximum number of characters of a string value.
    #[must_use]
    pub fn with_value_length(mut self, value_length: Option<usize>) -> Self {
        self.value_length = value_length;
        self
    }

    /// Sets the maximum number of events of a span.
    #[must_use]
    pub fn with_events(mut self, events: u32) -> Self {
        self.events = events;
        self
    }

    /// Sets the maximum number of links of a span.
    #[must_use]
    pub fn with_links(mut self, links: u32) -> Self {
        self.links = links;
        self
    }

    /// Sets the maximum number of attributes of an event.
    #[must_use]
    pub fn with_attributes_per_event(mut self, attributes_per_event: u32) -> Self {
        self.attributes_per_event = attributes_per_event;
        self
    }

    /// Sets the maximum number of attributes of a link.
    #[must_use]
    pub fn with_attributes_per_link(mut self, attributes_per_link: u32) -> Self {
        self.attributes_per_link = attributes_per_link;
        self
    }

    /// Sets the maximum number of bytes that the attributes, events and links of a span take together.
    #[must_use]
    pub fn with_span_bytes(mut self, span_bytes: usize) -> Self {
        self.span_bytes = span_bytes;
        self
    }
}
