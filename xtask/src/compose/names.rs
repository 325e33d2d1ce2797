//! Names of images.

/// The image of our own services, which is built and never pulled.
pub(crate) const SHOP: &str = "tracing-suite-shop";
/// The base of all stand-ins, and of the shop's image.
pub(crate) const BASE: &str = "debian:bookworm-slim";
/// The label of a stand-in. Its value is a hash of the sources of the image.
pub(crate) const LABEL: &str = "tracing-suite.stand-in";
