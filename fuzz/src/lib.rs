//! What the fuzz targets share.

mod headers;
mod input;
mod recorded;

pub use headers::read_and_send_on;
pub use input::Input;
pub use recorded::{provider, recorded};
