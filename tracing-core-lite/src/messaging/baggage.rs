//! The baggage of messages.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt, KeyValueMetadata};

/// The keys that are propagated. Without a list, all are.
#[derive(Debug, Clone, Default)]
pub(super) struct BaggageKeys(Option<Arc<[String]>>);

impl BaggageKeys {
    pub(super) fn only<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self(Some(keys.into_iter().map(Into::into).collect()))
    }

    /// Returns `context` without the baggage that is not propagated.
    pub(super) fn restrict<'a>(&self, context: &'a Context) -> Cow<'a, Context> {
        match &self.0 {
            Some(keys) if !context.baggage().is_empty() => {
                Cow::Owned(context.with_baggage(allowed(context.baggage(), keys)))
            }
            _ => Cow::Borrowed(context),
        }
    }

    /// Removes the baggage that is not propagated.
    pub(super) fn restrict_extracted(&self, baggage: &mut Option<Baggage>) {
        if let (Some(keys), Some(given)) = (&self.0, &baggage) {
            let kept: Baggage = allowed(given, keys).collect();
            *baggage = Some(kept).filter(|kept| !kept.is_empty());
        }
    }
}

fn allowed<'a>(baggage: &'a Baggage, keys: &'a [String]) -> impl Iterator<Item = KeyValueMetadata> + 'a {
    baggage
        .iter()
        .filter(|(key, _)| keys.iter().any(|allowed| allowed == key.as_str()))
        .map(|(key, (value, metadata))| KeyValueMetadata::new(key.clone(), value.clone(), metadata.clone()))
}
