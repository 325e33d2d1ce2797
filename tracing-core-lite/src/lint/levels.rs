//! The levels of the lint, each with the stage that applies it.

use super::settings::{Level, Lint};
use super::stage::{Linted, Seen};
use crate::pipeline::Exporter;

impl Default for Lint {
    /// Returns [`Lint::warnings`] in a debug build of this crate, and [`Lint::off`] in a release build.
    fn default() -> Self {
        if cfg!(debug_assertions) { Self::warnings() } else { Self::off() }
    }
}

impl Lint {
    /// Checks nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::new(Level::Off, None)
    }

    /// Logs each finding once, as a warning.
    #[must_use]
    pub fn warnings() -> Self {
        Self::new(Level::Warning, Some(wrap))
    }

    /// Logs each finding once, as an error.
    #[must_use]
    pub fn errors() -> Self {
        Self::new(Level::Error, Some(wrap))
    }
}

fn wrap(lint: Lint, resource: &[u8], exporter: Box<dyn Exporter>) -> Box<dyn Exporter> {
    Box::new(Linted { lint, resource: resource.to_vec(), seen: Seen::default(), exporter })
}
