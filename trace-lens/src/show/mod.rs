//! Output formats: text, Markdown, graphs and pictures.

mod document;
mod graph;
mod markdown;
mod text;
pub mod units;
mod view;

pub use document::{Block, Column, Document};
pub use graph::{dot, mermaid};
pub(crate) use markdown::escape as escape_markdown;
pub use markdown::markdown;
pub use text::{TextOptions, clean, text};
pub use view::{svg, waterfall};
