//! Partners, and what is accepted from them.

use std::sync::Arc;

use opentelemetry::baggage::{Baggage, KeyValueMetadata};
use opentelemetry::trace::{SpanContext, TraceState};

/// A partner whose traces continue here, and what is accepted from it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    name: Arc<str>,
    baggage: Arc<[String]>,
    trace_state: Arc<[String]>,
}

impl Partner {
    /// Creates a partner of which neither baggage nor tracestate is accepted. `name` becomes `service.peer.name` of spans.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), baggage: Arc::new([]), trace_state: Arc::new([]) }
    }

    /// Sets the keys of baggage that are accepted.
    #[must_use]
    pub fn with_baggage_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.baggage = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the keys of tracestate members that are accepted. The threshold and the randomness in `ot` are those of this
    /// service in any case.
    #[must_use]
    pub fn with_tracestate_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.trace_state = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(super) fn accepted_baggage(&self, baggage: Baggage) -> Option<Baggage> {
        let accepted: Baggage = baggage
            .iter()
            .filter(|(key, _)| self.baggage.iter().any(|accepted| accepted == key.as_str()))
            .map(|(key, (value, metadata))| {
                KeyValueMetadata::new(key.clone(), value.clone(), metadata.clone())
            })
            .collect();
        Some(accepted).filter(|accepted| !accepted.is_empty())
    }

    /// Returns the sender's span, unsampled, with the accepted members.
    pub(super) fn accepted_span(&self, span_context: &SpanContext) -> SpanContext {
        let members = span_context.trace_state().into_iter();
        let accepted = members.filter(|(key, _)| self.trace_state.iter().any(|accepted| accepted == key));
        SpanContext::new(
            span_context.trace_id(),
            span_context.span_id(),
            span_context.trace_flags().with_sampled(false),
            true,
            TraceState::from_key_value(accepted).unwrap_or_default(),
        )
    }
}
