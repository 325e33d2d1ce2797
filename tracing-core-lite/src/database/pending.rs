//! Open spans of clients that report their commands as events.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::DatabaseSpan;

/// Spans that have started and not ended yet, by the id that the client gives each command.
///
/// For clients that report the start and the end of a command by two events, possibly on two threads. A span whose end
/// is never reported stays open until the map is dropped, and is then recorded as cancelled.
///
/// ```
/// use tracing_core_lite::InstrumentationScope;
/// use tracing_core_lite::database::{Client, Command, DatabaseSpan, PendingSpans};
/// use tracing_core_lite::testing::TestSpans;
///
/// let spans = TestSpans::new();
/// let scope = InstrumentationScope::builder("shop-documents").build();
/// let client = Client::new("mongodb", scope).with_provider(spans.provider());
/// let pending = PendingSpans::new();
///
/// // The client reports that the command with the id 7 has started, ...
/// pending.insert(7, client.start(&Command::named("find").with_collection("orders")));
/// // ... and, on any thread, that it has succeeded.
/// pending.remove(&7).map(DatabaseSpan::succeed);
///
/// assert!(!spans.one("find orders").is_error());
/// ```
pub struct PendingSpans<K> {
    spans: Mutex<HashMap<K, DatabaseSpan>>,
}

impl<K: Eq + Hash> PendingSpans<K> {
    /// Creates an empty map.
    #[must_use]
    pub fn new() -> Self {
        Self { spans: Mutex::default() }
    }

    /// Keeps `span` until [`remove`](Self::remove) takes it out. A span that is not [observed](DatabaseSpan::is_observed)
    /// is not kept. A span that was kept under the same id ends as cancelled.
    pub fn insert(&self, id: K, span: DatabaseSpan) {
        if span.is_observed() {
            // Ended after the lock is released.
            let _replaced = self.lock().insert(id, span);
        }
    }

    /// Takes out the span of the command `id`, to end it.
    #[must_use = "the span ends as cancelled when it is dropped"]
    pub fn remove(&self, id: &K) -> Option<DatabaseSpan> {
        self.lock().remove(id)
    }

    /// Returns the number of open spans.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns whether no span is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

impl<K> PendingSpans<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, DatabaseSpan>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Default for PendingSpans<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> fmt::Debug for PendingSpans<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSpans").field("len", &self.lock().len()).finish()
    }
}
