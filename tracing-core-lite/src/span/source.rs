//! The choice of the engine that records the spans of a tracer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::InstrumentationScope;

use super::engine::Engine;
use super::foreign_tracer::ForeignTracer;
use super::installed::{Installed, with_installed};
#[cfg(feature = "tower")]
use crate::propagation::Propagator;

/// Where the spans of one instrumentation scope are recorded. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum SpanSource {
    /// By this engine, in which the scope has this number.
    Engine { engine: Arc<Engine>, scope: u32 },
    /// By the engine that is installed when a span starts.
    Installed(Arc<InstalledScope>),
}

/// A scope whose engine is looked up for each span.
#[derive(Debug)]
pub(crate) struct InstalledScope {
    tracer: ForeignTracer,
    /// The scope's number in the engine that was used last: the engine's id above, the number below.
    number: AtomicU64,
}

/// The recorder of the next span.
pub(crate) enum Resolved<'a> {
    Engine(&'a Arc<Engine>, u32),
    /// The global provider of the OpenTelemetry API.
    Global(&'a ForeignTracer),
}

impl SpanSource {
    pub(crate) fn engine(engine: &Arc<Engine>, scope: &InstrumentationScope) -> Self {
        Self::Engine { scope: engine.scope_number(scope), engine: Arc::clone(engine) }
    }

    pub(crate) fn installed(scope: InstrumentationScope) -> Self {
        Self::Installed(Arc::new(InstalledScope {
            tracer: ForeignTracer::new(scope),
            number: AtomicU64::new(0),
        }))
    }

    #[inline]
    pub(crate) fn resolve<R>(&self, visit: impl FnOnce(Resolved<'_>) -> R) -> R {
        match self {
            Self::Engine { engine, scope } => visit(Resolved::Engine(engine, *scope)),
            Self::Installed(global) => with_installed(|installed| match installed {
                Some(Installed { engine, .. }) => visit(Resolved::Engine(engine, global.number_in(engine))),
                None => visit(Resolved::Global(&global.tracer)),
            }),
        }
    }
}

#[cfg(feature = "tower")]
impl SpanSource {
    /// Like [`resolve`](SpanSource::resolve), with the propagator of the installed provider if that provider records.
    #[inline]
    pub(crate) fn resolve_with_propagator<R>(
        &self,
        visit: impl FnOnce(Resolved<'_>, Option<&Propagator>) -> R,
    ) -> R {
        match self {
            Self::Engine { engine, scope } => visit(Resolved::Engine(engine, *scope), None),
            Self::Installed(global) => with_installed(|installed| match installed {
                Some(Installed { engine, propagator }) => {
                    visit(Resolved::Engine(engine, global.number_in(engine)), Some(propagator))
                }
                None => visit(Resolved::Global(&global.tracer), None),
            }),
        }
    }
}

impl InstalledScope {
    #[inline]
    fn number_in(&self, engine: &Engine) -> u32 {
        let packed = self.number.load(Ordering::Relaxed);
        // Engine ids start at 1, so 0 belongs to none. Two engines of a process differ in the low half of their ids
        // unless there are 2^32 of them.
        if packed >> 32 == engine.id() & 0xffff_ffff {
            return packed as u32;
        }
        let number = engine.scope_number(self.tracer.scope());
        self.number.store((engine.id() << 32) | u64::from(number), Ordering::Relaxed);
        number
    }
}
