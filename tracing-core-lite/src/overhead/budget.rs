//! The settings of the budget.

use std::time::Duration;

/// The shortest window. CPU times have a resolution of 10 ms.
const SHORTEST_WINDOW: Duration = Duration::from_millis(500);

/// What tracing may cost: 5 % of the CPUs, 1 % of the duration of requests, and 100 MB of memory by default.
///
/// The budget is judged in windows of 5 s. Windows in which the process uses less than 5 % of one CPU are not judged. The
/// first window that exceeds the budget, and the first that holds it again, are logged.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::overhead::OverheadBudget;
///
/// let budget = OverheadBudget::default().with_cpu(0.03);
/// let provider = TracerProvider::builder().with_overhead_budget(budget).build()?;
/// # Ok::<(), tracing_core_lite::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OverheadBudget {
    /// The maximum share of the CPUs that the process may use, from 0 to 1. 0.05 by default.
    pub cpu: f64,
    /// The maximum share of the duration of requests, from 0 to 1. 0.01 by default.
    pub latency: f64,
    /// The maximum memory in bytes. 100,000,000 by default.
    pub memory: u64,
    /// The time that is judged at once. 5 s by default, and 500 ms at least. The export thread judges, so a window may
    /// be longer while an export takes long, and while no spans end it is at least
    /// [`BatchLimits::schedule_delay`](crate::pipeline::BatchLimits::schedule_delay).
    pub window: Duration,
    /// Whether spans are reduced while the budget is exceeded. False by default.
    pub enforces: bool,
    /// The lowest share of traces that enforcement samples, from 0 to 1. 0.01 by default.
    pub lowest_sampling: f64,
    /// Attributes that enforcement always keeps, besides those that say what a span is and how it ended, and those that a
    /// sampling policy reads. Empty by default.
    pub kept_attributes: Vec<String>,
    /// The instrumentation scopes whose internal spans enforcement may switch off. `None`, the default, stands for all.
    pub expendable_scopes: Option<Vec<String>>,
}

impl Default for OverheadBudget {
    fn default() -> Self {
        Self {
            cpu: 0.05,
            latency: 0.01,
            memory: 100_000_000,
            window: Duration::from_secs(5),
            enforces: false,
            lowest_sampling: 0.01,
            kept_attributes: Vec::new(),
            expendable_scopes: None,
        }
    }
}

impl OverheadBudget {
    /// Sets the maximum share of the CPUs, from 0 to 1.
    #[must_use]
    pub fn with_cpu(mut self, share: f64) -> Self {
        self.cpu = share;
        self
    }

    /// Sets the maximum share of the duration of requests, from 0 to 1.
    #[must_use]
    pub fn with_latency(mut self, share: f64) -> Self {
        self.latency = share;
        self
    }

    /// Sets the maximum memory in bytes.
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the time that is judged at once.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets whether spans are reduced while the budget is exceeded; see the [module](super).
    #[must_use]
    pub fn enforce(mut self, enforces: bool) -> Self {
        self.enforces = enforces;
        self
    }

    /// Sets the lowest share of traces that enforcement samples, from 0 to 1.
    #[must_use]
    pub fn with_lowest_sampling(mut self, share: f64) -> Self {
        self.lowest_sampling = share;
        self
    }

    /// Adds an attribute that enforcement always keeps.
    #[must_use]
    pub fn with_kept_attribute(mut self, key: impl Into<String>) -> Self {
        self.kept_attributes.push(key.into());
        self
    }

    /// Adds an instrumentation scope whose internal spans enforcement may switch off. Without such a setting, these are all
    /// scopes.
    #[must_use]
    pub fn with_expendable_scope(mut self, name: impl Into<String>) -> Self {
        self.expendable_scopes.get_or_insert_default().push(name.into());
        self
    }

    /// Returns a budget that is never exceeded. The figures are still measured.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { cpu: f64::INFINITY, latency: f64::INFINITY, memory: u64::MAX, ..Self::default() }
    }

    pub(super) fn window(&self) -> Duration {
        self.window.max(SHORTEST_WINDOW)
    }
}
