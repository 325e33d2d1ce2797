//! An exporter that can be replaced while spans are exported.

mod closing;
mod error;
mod exporter;
mod handle;

pub use error::ReloadError;
pub use exporter::ReloadableExporter;
pub use handle::ExporterHandle;
