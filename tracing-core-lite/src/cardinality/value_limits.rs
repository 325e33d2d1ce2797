//! The limits of distinct values.

use std::sync::Arc;
use std::time::Duration;

use super::value_stats::{ValueCounts, ValueStats};
use crate::redaction::KeyPattern;

/// The default number of distinct values per attribute key and span name.
const DEFAULT_VALUES: u64 = 1000;

/// The bounds of distinct attribute values, per key and span name. A provider applies the defaults unless told otherwise.
///
/// Keys with more values are reported once, with an example. Their values stay as they are, because users search by values such
/// as `order.id`. [`with_action`](ValueLimits::with_action) drops or hashes the values of some keys beyond the bound.
///
/// Values are counted by sketches with an error of about 7 %. At high rates of spans, only some batches are counted, so the
/// number of values is then an estimate from below. Keys with an action are always counted, and exactly.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::cardinality::{ValueAction, ValueLimits};
///
/// let limits = ValueLimits::new().with_values(500).with_action("cart.*", ValueAction::Drop);
/// let provider = TracerProvider::builder().with_value_limits(limits).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ValueLimits {
    pub(super) off: bool,
    pub(super) window: Duration,
    values: u64,
    bounds: Vec<(KeyPattern, u64)>,
    actions: Vec<(KeyPattern, ValueAction)>,
    allowed: Vec<KeyPattern>,
    counts: Arc<ValueCounts>,
}

/// What happens to values beyond the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueAction {
    /// Removes the attribute.
    Drop,
    /// Replaces the value by one of 256 hashes, such as `hash:3f`, which is the same in every process. The number of distinct
    /// values stays bounded, and spans with equal values can still be found among others.
    Hash,
}

/// Keys of the conventions whose values differ by definition: identifiers of messages, positions, sizes and ports.
const DIFFERENT_BY_DEFINITION: &[&str] = &[
    "client.port",
    "http.request.body.size",
    "http.request.size",
    "http.response.body.size",
    "http.response.size",
    "messaging.kafka.offset",
    "messaging.message.body.size",
    "messaging.message.conversation_id",
    "messaging.message.envelope.size",
    "messaging.message.id",
    "network.peer.port",
    "tracing_suite.name.original",
];

impl Default for ValueLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl ValueLimits {
    /// Creates the default bounds: 1,000 values per key and span name in each hour. Beyond them, keys are reported.
    #[must_use]
    pub fn new() -> Self {
        Self {
            off: false,
            window: Duration::from_secs(3600),
            values: DEFAULT_VALUES,
            bounds: Vec::new(),
            actions: Vec::new(),
            allowed: Vec::new(),
            counts: Arc::default(),
        }
    }

    /// Creates bounds that count nothing.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, ..Self::new() }
    }

    /// Sets the number of distinct values of each key. The default is 1,000.
    #[must_use]
    pub fn with_values(mut self, values: u64) -> Self {
        self.values = values;
        self
    }

    /// Sets the number of distinct values of the keys that match `pattern`. A `*` matches any characters, a `?` one, and case
    /// does not matter. The first pattern that matches counts.
    #[must_use]
    pub fn with_values_of(mut self, pattern: &str, values: u64) -> Self {
        self.bounds.push((KeyPattern::new(pattern), values));
        self
    }

    /// Sets what happens to further values of the keys that match `pattern`. By default, they are exported unchanged.
    ///
    /// The first values up to the bound stay as they are, in each window. Together, such keys may have 50,000 values.
    #[must_use]
    pub fn with_action(mut self, pattern: &str, action: ValueAction) -> Self {
        self.actions.push((KeyPattern::new(pattern), action));
        self
    }

    /// Does not count the values of the keys that match `pattern`. Keys whose values differ by their definition, such as
    /// `messaging.message.id`, are never counted without an action.
    #[must_use]
    pub fn with_allowed_key(mut self, pattern: &str) -> Self {
        self.allowed.push(KeyPattern::new(pattern));
        self
    }

    /// Sets the time after which the count of values restarts. The default is one hour.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Returns the counts of these limits and their clones.
    #[must_use]
    pub fn stats(&self) -> ValueStats {
        self.counts.snapshot()
    }

    pub(super) fn counts(&self) -> &ValueCounts {
        &self.counts
    }

    #[cfg(feature = "guard-metrics")]
    pub(super) fn shared_counts(&self) -> Arc<ValueCounts> {
        Arc::clone(&self.counts)
    }

    pub(super) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    pub(super) fn action(&self, key: &str) -> Option<ValueAction> {
        self.actions.iter().find(|(pattern, _)| pattern.matches(key)).map(|(_, action)| *action)
    }

    pub(super) fn bound(&self, key: &str) -> u64 {
        self.bounds.iter().find(|(pattern, _)| pattern.matches(key)).map_or(self.values, |(_, bound)| *bound)
    }

    pub(super) fn is_allowed(&self, key: &str) -> bool {
        self.allowed.iter().any(|pattern| pattern.matches(key)) || DIFFERENT_BY_DEFINITION.contains(&key)
    }
}
