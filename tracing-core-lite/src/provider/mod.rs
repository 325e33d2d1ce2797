//! Providers and tracers, and their configuration by the environment.

mod detached;
mod init;
mod installed;
mod kept_warnings;
mod resource;
mod tracer;
mod tracer_provider;

pub use detached::Detached;
pub use init::{Guard, Init, InitError, init};
pub use resource::{Resource, ResourceBuilder};
pub use tracer::Tracer;
pub use tracer_provider::{BuildError, TracerProvider, TracerProviderBuilder};

pub use crate::buffer::FlushError;
