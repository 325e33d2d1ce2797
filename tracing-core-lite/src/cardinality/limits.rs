//! The limits of distinct span names.

use std::sync::Arc;
use std::time::Duration;

use super::stats::{Counts, NameStats};

/// The bounds of distinct span names. A provider applies the defaults unless told otherwise.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::cardinality::NameLimits;
///
/// let limits = NameLimits::new().with_names(200).with_allowed_name("nightly reconciliation");
/// let provider = TracerProvider::builder().with_name_limits(limits).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct NameLimits {
    pub(super) off: bool,
    pub(super) names: usize,
    pub(super) named_by_convention: usize,
    pub(super) window: Duration,
    pub(super) allowed: Vec<String>,
    counts: Arc<Counts>,
}

impl Default for NameLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl NameLimits {
    /// Creates the default bounds: 1,000 names, and 5,000 more of spans that are named by a route, an RPC method, a
    /// destination or a query summary, in each hour.
    #[must_use]
    pub fn new() -> Self {
        Self {
            off: false,
            names: 1000,
            named_by_convention: 5000,
            window: Duration::from_secs(3600),
            allowed: Vec::new(),
            counts: Arc::default(),
        }
    }

    /// Creates bounds that change no name.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, ..Self::new() }
    }

    /// Sets the number of distinct names. The default is 1,000. Beyond it, the same number of templates is allowed.
    #[must_use]
    pub fn with_names(mut self, names: usize) -> Self {
        self.names = names;
        self
    }

    /// Sets the number of distinct names of spans with one of the attributes `http.route`, `url.template`, `rpc.method`,
    /// `messaging.destination.name`, `messaging.destination.template` and `db.query.summary`. The default is 5,000.
    #[must_use]
    pub fn with_names_by_convention(mut self, names: usize) -> Self {
        self.named_by_convention = names;
        self
    }

    /// Sets the time after which the count of names restarts. The default is one hour.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Allows this name regardless of the limits.
    #[must_use]
    pub fn with_allowed_name(mut self, name: impl Into<String>) -> Self {
        self.allowed.push(name.into());
        self
    }

    /// Returns the counts of these limits and their clones.
    #[must_use]
    pub fn stats(&self) -> NameStats {
        self.counts.snapshot()
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    #[cfg(feature = "guard-metrics")]
    pub(super) fn shared_counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }
}
