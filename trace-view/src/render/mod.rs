//! The waterfall, as text and as SVG.

mod layout;
mod palette;
mod svg;
mod text;
mod waterfall;

pub use svg::svg;
pub use waterfall::{WaterfallOptions, waterfall};
