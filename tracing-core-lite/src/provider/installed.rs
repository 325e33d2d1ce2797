//! The provider that is installed in this process.

use std::sync::{Arc, PoisonError, RwLock};

use super::tracer_provider::TracerProvider;
use crate::span::installed::{self, Installed};

static INSTALLED: RwLock<Option<TracerProvider>> = RwLock::new(None);

impl TracerProvider {
    /// Makes this the provider of [global](super::Tracer::global) tracers, which layers use by default.
    pub fn install(&self) {
        let before = INSTALLED.write().unwrap_or_else(PoisonError::into_inner).replace(self.clone());
        installed::install(Installed {
            engine: Arc::clone(self.engine()),
            propagator: self.propagator().clone(),
        });
        // Dropped outside the lock: this may be the last handle of that provider, whose drop flushes.
        drop(before);
    }

    /// Returns the provider that is installed.
    #[must_use]
    pub fn installed() -> Option<Self> {
        INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
