//! Shows traces: a small model of a trace, its critical path, and the waterfall as text and as SVG.
//!
//! - [`Span`] is one finished span, and [`Trace`] arranges spans under their parents.
//! - [`critical_path`] returns the spans that a trace waited for, one at each moment.
//!   [`critical_path_of`] does the same for any other model of spans, a [`SpanTree`].
//! - [`waterfall`] draws traces as text for a terminal, [`svg`] as a picture for a page.
//!
//! Names, services and messages come from traced programs. Control characters in them are escaped before they reach a
//! terminal, and markup before it reaches an SVG.
//!
//! ```
//! use trace_view::{Span, Trace, critical_path};
//!
//! let spans = [
//!     Span::new(1, 1).with_name("order").with_times(0, 100),
//!     Span::new(1, 2).with_parent(1).with_name("pay").with_times(20, 90),
//! ];
//! let trace = &Trace::group(&spans)[0];
//! let path: Vec<_> = critical_path(trace)
//!     .iter()
//!     .map(|section| (trace.span(section.node).name.as_str(), section.start, section.end))
//!     .collect();
//! assert_eq!(path, [("order", 0, 20), ("pay", 20, 90), ("order", 90, 100)]);
//! ```

mod critical_path;
mod render;
mod span;
mod trace;

pub use critical_path::{Section, SpanTree, critical_path, critical_path_of};
pub use render::{WaterfallOptions, svg, waterfall};
pub use span::{Link, Outcome, Span};
pub use trace::{Node, Trace};

/// The examples of the README, so that they compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
