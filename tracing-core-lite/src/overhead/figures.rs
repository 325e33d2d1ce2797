//! The figures of a window.

use std::time::Duration;

use super::budget::OverheadBudget;

/// Fewer timed sections say nothing about the share of latency.
const ENOUGH_SAMPLES: u64 = 50;

/// A process that uses less than this share of one CPU is not judged.
const IDLE: f64 = 0.05;

/// What tracing has cost in the last one to two windows; returned by
/// [`TracerProvider::overhead`](crate::TracerProvider::overhead).
///
/// It is displayed as a text of several lines.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Overhead {
    /// The time that the figures are about.
    pub window: Duration,
    /// The CPUs that the process may use.
    pub cpus: usize,
    /// The CPU time of the whole process. `None` if it is not known, which is so on systems other than Linux.
    pub process_cpu: Option<Duration>,
    /// The CPU time of all threads of the suite in this process. `None` if it is not known.
    pub thread_cpu: Option<Duration>,
    /// The CPU time on the threads that start, write and end spans, extrapolated from [`samples`](Self::samples).
    pub request_cpu: Duration,
    /// The number of calls that were timed.
    pub samples: u64,
    /// The time in recorded spans as a share of the duration of requests. `None` if no requests were recorded or too few
    /// calls were timed.
    pub latency_share: Option<f64>,
    /// Memory now.
    pub memory: MemoryUse,
    /// The budget.
    pub budget: OverheadBudget,
    /// Whether the last window that was judged exceeded the budget.
    pub is_exceeded: bool,
    /// The steps of enforcement that are in force.
    pub steps: BudgetSteps,
}

/// The steps that an enforced budget has taken.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BudgetSteps {
    /// Whether spans keep only some attributes.
    pub attributes_reduced: bool,
    /// The share of traces that are sampled, of those that the sampler selects. 1 if nothing was changed.
    pub sampling: f64,
    /// Whether internal spans are switched off.
    pub switched_off: bool,
}

impl Default for BudgetSteps {
    /// Returns no steps.
    fn default() -> Self {
        Self { attributes_reduced: false, sampling: 1.0, switched_off: false }
    }
}

/// The memory of finished spans, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Spans in the queue, and in the batch that is being exported.
    pub queued: u64,
    /// Spans that the threads that ended them still hold.
    pub buffered: u64,
    /// Empty buffers that are kept for reuse.
    pub spare: u64,
}

impl MemoryUse {
    pub(crate) fn new(queued: usize, buffered: usize, spare: usize) -> Self {
        Self { queued: queued as u64, buffered: buffered as u64, spare: spare as u64 }
    }

    /// Returns the sum.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.queued + self.buffered + self.spare
    }
}

impl Overhead {
    /// Returns the CPU time of tracing. That of the suite's threads is left out where it is not known.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        self.thread_cpu.unwrap_or_default() + self.request_cpu
    }

    /// Returns the CPU time of tracing as a share of the CPUs that the process may use, from 0 to 1.
    #[must_use]
    pub fn cpu_share(&self) -> f64 {
        share(self.cpu().as_secs_f64(), self.window.as_secs_f64() * self.cpus as f64)
    }

    /// Returns the CPU time of tracing as a share of what the process has used, from 0 to 1.
    #[must_use]
    pub fn share_of_process(&self) -> Option<f64> {
        Some(share(self.cpu().as_secs_f64(), self.process_cpu?.as_secs_f64()))
    }

    /// Returns whether the process uses too little CPU time to be judged.
    pub(super) fn is_idle(&self) -> bool {
        let used = self.process_cpu.unwrap_or_else(|| self.cpu());
        used.as_secs_f64() < self.window.as_secs_f64() * IDLE
    }

    /// Returns the largest ratio of a figure and its budget.
    pub(super) fn load(&self) -> f64 {
        let memory = share(self.memory.total() as f64, self.budget.memory as f64);
        if self.is_idle() {
            return memory;
        }
        let cpu = share(self.cpu_share(), self.budget.cpu);
        // Requests whose trace is not sampled have the rest of the latency only.
        let latency = self.latency_share.map_or(0.0, |figure| share(figure, self.budget.latency));
        let latency = latency * self.steps.sampling;
        memory.max(cpu).max(latency)
    }
}

/// Returns `part / whole`, and 0 if both are 0.
fn share(part: f64, whole: f64) -> f64 {
    if part == 0.0 { 0.0 } else { part / whole }
}

/// Returns the time in recorded spans as a share of the duration of requests.
pub(super) fn latency_share(recorded: Duration, requests: Duration, samples: u64) -> Option<f64> {
    let is_known = samples >= ENOUGH_SAMPLES && !requests.is_zero();
    is_known.then(|| recorded.as_secs_f64() / requests.as_secs_f64())
}
