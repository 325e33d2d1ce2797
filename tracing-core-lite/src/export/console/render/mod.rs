//! Draws a trace: every span in its place on the time axis, under its parent.
//!
//! The *longest chain* (the critical path) is what the trace's duration is made of: from the trace's end backwards,
//! always the child that finished last before the point reached, else the span itself.

mod critical_path;
mod layout;
mod palette;
mod svg;
mod text;
mod tree;
mod waterfall;

pub use svg::svg;
pub(super) use text::count;
pub use waterfall::{Options, waterfall};
