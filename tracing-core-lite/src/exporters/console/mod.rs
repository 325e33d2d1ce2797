//! Prints finished traces as waterfalls.
//!
//! The drawing is done by the crate [`trace_view`]. [`FinishedSpan`](crate::span::data::FinishedSpan) converts into its
//! [`Span`](trace_view::Span).

mod exporter;
mod pending;
mod view;

pub use exporter::ConsoleExporter;
