//! Names of images.

/// The image of our own services, which is built and never pulled.
pub(crate) const SHOP: &str = "tracing-suite-shop";
/// The base of all stand-ins, and of the shop's image.
pub(crate) const BASE: &str = "debian:bookworm-slim";
/// Marks an image as a stand-in. Its value is a hash of what the image was built from.
pub(crate) const LABEL: &str = "tracing-suite.stand-in";
