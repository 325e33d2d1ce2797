//! What tracing costs this process, and a budget for it.
//!
//! A provider measures the CPU time of the suite's threads and of its work on the threads of requests, the share of the
//! duration of requests, and memory. [`TracerProvider::overhead`](crate::TracerProvider::overhead) returns the figures, which
//! can be printed. When an [`OverheadBudget`] is exceeded, a warning is logged.
//!
//! | figure | how it is measured |
//! |---|---|
//! | CPU of the suite's threads | as Linux reports it for each thread; not known on other systems |
//! | CPU on the threads of requests | one of 256 calls that start, write or end a span is timed, on average |
//! | share of the duration of requests | that time in recorded spans, in relation to the duration of spans without a local parent |
//! | memory | the exact size of the buffers of threads, the queue and spare buffers |
//!
//! # Enforcement
//! With [`OverheadBudget::enforce`], a budget that is exceeded causes one step for each window, in this order:
//!
//! 1. Spans keep only the attributes that say what they are and how they ended, and those that a sampling policy reads.
//! 2. Fewer traces are sampled, consistently: `th` in tracestate says how many requests a sampled one stands for. Of the
//!    others, the span of the request is still recorded. If the request fails, it is exported, and stands for itself alone.
//! 3. Internal spans with a local parent are switched off. What is below them has their parent as its parent.
//!
//! Contexts are always propagated. When the budget has been held for some windows, with less than half of it used, the steps
//! are reverted one by one. If a step that was reverted has to be taken again, the next attempt comes later. Each step is
//! logged with the figures.
//!
//! # Example
//! ```
//! use tracing_core_lite::TracerProvider;
//!
//! let provider = TracerProvider::builder().build()?;
//! let overhead = provider.overhead();
//! println!("{overhead}");
//! assert!(overhead.memory.total() < 100_000_000);
//! # Ok::<(), tracing_core_lite::BuildError>(())
//! ```

mod budget;
mod controller;
mod controls;
mod figures;
mod monitor;
mod report;
mod sampler;

pub use budget::OverheadBudget;
pub(crate) use controls::Controls;
pub use figures::{BudgetSteps, MemoryUse, Overhead};
pub(crate) use monitor::{Monitor, WindowInputs};
pub(crate) use sampler::{BASE_THRESHOLD, BudgetSampler, trace_state_of_failed};
