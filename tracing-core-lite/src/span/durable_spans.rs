//! The policy that says which spans are made durable as soon as they end.

use super::record::SpanRecord;

/// Which spans are exported and flushed as soon as they end, by name or by attribute, instead of with the next batch.
///
/// With a disk queue, such a span is on disk some milliseconds after its end. To learn when, use
/// [`Span::end_durably`](super::Span::end_durably).
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::span::DurableSpans;
///
/// let durable = DurableSpans::new().with_name("charge card").with_attribute("shop.order.paid");
/// let provider = TracerProvider::builder().with_durable_spans(durable).build()?;
/// # Ok::<(), tracing_core_lite::BuildError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DurableSpans {
    names: Vec<String>,
    attributes: Vec<String>,
}

impl DurableSpans {
    /// Creates a policy that matches no span.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the spans with this name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Adds the spans that have an attribute with this key, whatever its value.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<String>) -> Self {
        self.attributes.push(key.into());
        self
    }

    /// Returns whether a span is durable.
    pub(super) fn matches(&self, record: &SpanRecord) -> bool {
        self.names.iter().any(|name| record.name() == name.as_bytes())
            || self.attributes.iter().any(|key| record.has_attribute(key))
    }
}
