//! Analyzes traces: where the time goes, what broke and why, which services depend on each other, and what is wrong with the
//! instrumentation.
//!
//! Start with [`Lens`]. It reads the files of many tools (see [`read`]) or takes the spans of a program, and has a method for
//! each analysis:
//!
//! ```
//! use trace_lens::{Lens, SpanRecord};
//!
//! let lens = Lens::from_records([
//!     SpanRecord::new(1, 1).with_service("orders").with_times(0, 100),
//!     SpanRecord::new(1, 2).with_parent(1).with_service("payment").with_times(10, 90).with_error("declined"),
//! ]);
//! let trace = lens.traces().next().unwrap();
//! assert_eq!(lens.critical_path(trace).chain, ["orders", "payment"]);
//! assert_eq!(lens.errors().with_errors, 1);
//! assert!((lens.dependencies().share("orders", "payment") - 1.0).abs() < 1e-9);
//! ```
//!
//! Results over many traces implement [`Merge`](analysis::Merge), so that parts of the data can be analysed separately.
//!
//! | module | contents |
//! |---|---|
//! | [`model`] | spans in columns, traces, trees |
//! | [`read`], [`write`](mod@write) | the formats of other tools |
//! | [`filter`] | selects traces |
//! | [`analysis`] | the analyses, one file each |
//! | [`check`], [`plan`] | limits for CI; volume, storage and documentation |
//! | [`show`] | text, Markdown, graphs and pictures |

pub mod analysis;
pub mod check;
pub mod filter;
mod lens;
pub mod model;
pub mod plan;
pub mod read;
pub mod show;
mod spill;
mod store;
pub mod write;

pub use lens::Lens;
pub use model::{Kind, SpanRecord, SpanSet, Status, Trace};
pub use store::{SpanStore, StoreOptions};

/// The examples of the README, so that they compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
