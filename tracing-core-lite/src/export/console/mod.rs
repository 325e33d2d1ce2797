//! Finished traces, shown to people: as a waterfall in the terminal, and as a picture.

mod exporter;
mod pending;
pub mod render;

pub use exporter::ConsoleExporter;
